"""Tokenizers of every kind and texts for clients that read them by a manifest."""

import functools
import pathlib
import random
import unicodedata

import sentencepiece
from sample_lines import EXACT

from keras_seq2seq import Phrasebook
from keras_seq2seq.export.on_device.text_rules import text_rules
from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)

LIMIT = 24
KOREAN = Normalization("NFD", lowercase=True)
PARTS = [
    *("cat", "the ", "고양이", "\u1100\u1161\u11a8", "ß", " ", "  ", "\n\t", "\u2581", "😀", "é"),
    *("\u200b", "\ufeff", "\ufffd", "<s>", "<0x41>", "Σ", "ΟΔΟΣ ", "İ", "\u2047", "ﬁ", "㈜", "①"),
    *(
        "e\u0301\u0323",
        "\u0345",
        "\u00ad",
        "\u00a0",
        "\u3000",
        "क्षि",
        "1,234",
        "№",
        "\u200d",
        "LINE",
    ),
]


@functools.cache
def lines():
    return [text for pair in Phrasebook().split("valid")[:150] for text in pair]


def foreign(**options):
    """A model that SentencePiece trained with rules of its own, not with ours."""
    model = pathlib.Path(options.pop("directory"), "foreign")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines()),
        model_prefix=str(model),
        **{"pad_id": 0, "unk_id": 1, "bos_id": 2, "eos_id": 3, "minloglevel": 2},
        **{"user_defined_symbols": ["<sep>", "the cat"], "hard_vocab_limit": False},
        **options,
    )
    return SentencePieceTokenizer(model.with_name("foreign.model").read_bytes())


def tokenizers(directory):
    learn = SentencePieceTokenizer.learn
    yield ByteTokenizer(EXACT)
    yield CharacterTokenizer.learn(lines(), 60, KOREAN)
    yield CharacterTokenizer.learn(lines(), 60, Normalization("NFKC"))
    yield learn(lines(), 500)
    yield learn(lines(), 700, KOREAN, byte_fallback=True)
    yield learn(lines(), 500, EXACT, model_type="bpe")
    yield learn(lines(), 700, KOREAN, model_type="bpe", byte_fallback=True)
    for options in (
        {"model_type": "unigram", "normalization_rule_name": "nmt_nfkc_cf"},
        {"model_type": "bpe", "treat_whitespace_as_suffix": True, "byte_fallback": True},
    ):
        yield foreign(directory=directory, vocab_size=700, **options)


def texts(count):
    chance = random.Random(0)
    made = ["".join(chance.choices(PARTS, k=chance.randrange(9))) for _ in range(count)]
    long = [part * 3000 for part in (" ", "a", "\u0301", "고양이 ", "a\u200b", "<sep>", "Σ😀")]
    return [*lines(), *made, *long, "a" * 4100 + "\u0301" * 200, " " * 140_000 + "end"]


def rows_of_ids(size, count=300):
    chance = random.Random(1)
    return [
        [chance.randrange(-2, size + 2) for _ in range(chance.randrange(12))] for _ in range(count)
    ]


def manifest_of(tokenizer):
    """What clients ask of a manifest for the text of one tokenizer, on both sides."""
    size = tokenizer.vocabulary_size
    return {
        **{"format": 3, "sha256": "0" * 64, "max_source_length": LIMIT, "max_target_length": LIMIT},
        **dict(zip(("pad_id", "unk_id", "bos_id", "eos_id"), range(4), strict=True)),
        **{"source_vocabulary_size": size, "target_vocabulary_size": size},
        **text_rules(tokenizer, tokenizer, LIMIT),
    }


def in_form(tokenizer, text):
    """A text in the form that its tokenizer reads, for clients without Unicode's tables."""
    form = tokenizer.normalization.form
    return unicodedata.normalize(form, text) if form else text
