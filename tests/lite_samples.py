"""Tokenizers of every kind and hostile texts, by which the standalone client is compared."""

import functools
import io
import itertools
import random

import sentencepiece
from sample_lines import EXACT, LINES
from sentencepiece import sentencepiece_model_pb2

from keras_seq2seq.export.on_device.seq2seq_lite import Text
from keras_seq2seq.export.on_device.text_rules import text_rules
from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)

NORMALIZATIONS = [
    Normalization(form, *flags)
    for form in ("NFC", "NFKC", "NFD", None)
    for flags in itertools.product((False, True), repeat=3)
]
_TRAINING = {
    **{"pad_id": 0, "unk_id": 1, "bos_id": 2, "eos_id": 3, "hard_vocab_limit": False},
    **{"minloglevel": 2, "vocab_size": 150, "num_threads": 1},
}
_UNUSED = 5  # a type of pieces
# Models that users bring: what was trained otherwise than `learn` does it, and what is changed.
GIVEN = {
    "nmt_nfkc": {"normalization_rule_name": "nmt_nfkc"},
    "nmt_nfkc_cf bpe": {"normalization_rule_name": "nmt_nfkc_cf", "model_type": "bpe"},
    "nfkc, as they are": {"normalization_rule_name": "nfkc", "remove_extra_whitespaces": False},
    "suffix": {"treat_whitespace_as_suffix": True, "normalization_rule_name": "identity"},
    "suffix bpe": {"treat_whitespace_as_suffix": True, "model_type": "bpe"},
    "no dummy": {"add_dummy_prefix": False, "remove_extra_whitespaces": False},
    "no dummy, suffix": {"add_dummy_prefix": False, "treat_whitespace_as_suffix": True},
    "user defined": {"user_defined_symbols": ["<sep>", "<se", "고양", "\u2581on", "at"]},
    "user defined bpe": {
        **{"user_defined_symbols": ["<sep>", "<se", "고양", "cat sat"], "model_type": "bpe"},
        **{"byte_fallback": True, "vocab_size": 400},
    },
    "across words": {"split_by_whitespace": False, "byte_fallback": True, "vocab_size": 400},
    "ties": {"scores": lambda score: round(score)},
    "near ties": {"scores": lambda score: round(score, 1)},
    "near ties, user defined": {
        **{"scores": lambda score: round(score / 30, 2), "split_by_whitespace": False},
        "user_defined_symbols": ["th", "at ", "on t", "\uac00"],
    },
    "ties bpe": {"scores": lambda score: score // 9, "model_type": "bpe"},
    "unused": {"unused": 7},
    "unused bpe": {"unused": 3, "model_type": "bpe"},
    "unused bpe bytes": {
        **{"unused": 3, "model_type": "bpe", "byte_fallback": True, "vocab_size": 400},
    },
    "unescaped": {"escape_whitespaces": False},
    "own rules, spaces go": {"own": {"remove_extra_whitespaces": True}},
    "own rules, unescaped": {"own": {"escape_whitespaces": False}},
    "identity": {"normalization_rule_name": "identity", "remove_extra_whitespaces": False},
    "identity, spaces go": {"normalization_rule_name": "identity"},
}
NAMES = ("byte", "character", "unigram", "unigram bytes", "bpe", "bpe bytes", *GIVEN)


@functools.cache
def tokenizer(name, normalization=EXACT):
    """A tokenizer of one of `NAMES`."""
    if name == "byte":
        return ByteTokenizer(normalization)
    if name == "character":
        return CharacterTokenizer.learn(LINES, 40, normalization)
    return SentencePieceTokenizer(_proto(name), normalization)


@functools.cache
def _proto(name):
    if name not in GIVEN:
        kind, _, fallback = name.partition(" ")
        size = 400 if fallback else 140
        learn = SentencePieceTokenizer.learn
        return learn(LINES, size, model_type=kind, byte_fallback=bool(fallback)).proto
    options = dict(GIVEN[name])
    if "own" in options:
        proto = sentencepiece_model_pb2.ModelProto.FromString(_proto("unigram"))
        for key, value in options["own"].items():
            setattr(proto.normalizer_spec, key, value)
        return proto.SerializeToString()
    scores, unused = options.pop("scores", None), options.pop("unused", 0)
    escape = options.pop("escape_whitespaces", True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, **{**_TRAINING, **options}
    )
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    proto.normalizer_spec.escape_whitespaces = escape
    for i, piece in enumerate(proto.pieces):
        if piece.type == 1 and scores:
            piece.score = scores(piece.score)
        if piece.type == 1 and unused and i % unused == 0:
            piece.type = _UNUSED
    return proto.SerializeToString()


def lite(tokenizer, limit=24):
    """The client's side of a manifest for a tokenizer."""
    return Text(text_rules(tokenizer, tokenizer, limit), "source")


_PARTS = [
    *"abcdehmnorst .,'!?-éßÀİıΣςσ漢字가각힣한글",
    *("the ", "cat", " sat on", " mat", "rat's", "고양이가 ", "매트에", "쥐", "Größe", "Straße"),
    *("\u1112\u1161\u11ab", "\u1100", "\u1161", "\u11a8", "e\u0301\u0327", "\u0301", "ΟΔΟΣ", "Σ."),
    *("\u2581", "\u2581\u2581", "\u2585", "<sep>", "<se", "<s>", "</s>", "<unk>", "<0x41>", "⁇"),
    *("\x00", "\x1f", "\t", "\n", "\r\n", "\x85", "\xa0", "\u2003", "\u3000", "\u2028", "  "),
    *("\u200b", "\ufeff", "\xad", "\u200d", "\u200c", "\ufe0f", "\u202e", "\u115f", "\U000e0041"),
    *("\ufffd", "\ud800", "\udfff", "\U0001f600", "👩‍👩‍👧", "🇰🇷", "\U0010ffff", "\U0001d400", "ﬁ"),
    *("㎒", "ｶﾞ", "Å", "\u2126", "\u0344", "\u0f73", "\u1e9b\u0323", "שלום", "مرحبا", "ሰላም", "𒀀"),
]


def hostile(count, seed=0):
    """Short strings, and some of more than 4,096 characters."""
    chance = random.Random(seed)
    yield from ("", " ", "\t\n", "\u200b", "\x00", "\u2581", " \u2581 ", "\ud800", "a" * 20)
    for _ in range(count):
        kind = chance.random()
        if kind < 0.75:
            yield "".join(chance.choices(_PARTS, k=chance.randrange(1, 16)))
        elif kind < 0.97:
            most = chance.choice((0x80, 0x800, 0x3400, 0x10000, 0x110000))
            yield "".join(chr(chance.randrange(most)) for _ in range(chance.randrange(1, 12)))
        else:
            part = "".join(chance.choices(_PARTS, k=chance.randrange(1, 4)))
            yield part * chance.choice((3, 70, 5000 // len(part) + 1))


def long_texts(sizes=(4095, 4096, 4097, 8193, 150_000)):
    """At the bounds of what is read, and runs of one kind."""
    for size in sizes:
        for part in ("a", "a ", " ", "고양이 ", "x" * 63 + " ", "\u0301", "\U0001f600", "q\u200b"):
            text = part * (size // len(part) + 1)
            yield text[:size]
        yield ("cat" * 2000 + " ") * (size // 6001 + 1)
        yield " " * size + "cat"
        yield "\u200b" * size + "the cat"
