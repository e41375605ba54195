"""The JavaScript client reads and writes text as the product does."""

import pytest
from comparing import compare
from hostile_texts import LONG, hostile_texts, random_ids
from strangers import EXACT, LINES, OPTIONS, stranger, with_ties, with_unused

from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)

NORMALIZATIONS = [
    Normalization(),
    Normalization("NFD", lowercase=True, drop_invisible=False),
    Normalization("NFKC", lowercase=True, collapse_whitespace=False),
    EXACT,
]
STRANGE = [" cat the  cat", "the cat  ", "Ａ ﬁcat  x", "▁▁a", "\x07", "\x07 ", " \u200b\x07▁"]
KINDS = ["bytes", "characters", "unigram", "unigram-bytes", "bpe", "bpe-bytes"]


def learnt(kind, normalization, lines=LINES, size=400):
    if kind == "bytes":
        return ByteTokenizer(normalization)
    if kind == "characters":
        return CharacterTokenizer.learn(lines, 60, normalization)
    model_type, _, fallback = kind.partition("-")
    return SentencePieceTokenizer.learn(
        lines, size, normalization, model_type=model_type, byte_fallback=bool(fallback)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(NORMALIZATIONS)))
def test_every_kind_and_normalization(kind, number, tmp_path):
    tokenizer = learnt(kind, NORMALIZATIONS[number])
    texts = [*LINES, "", " ", "\u200b\u3000", *hostile_texts(200, seed=number)]
    compare(tokenizer, texts, random_ids(200, tokenizer.vocabulary_size), 40, tmp_path)


@pytest.mark.parametrize(
    ("kind", "limit"), [("bytes", 1), ("unigram", 24), ("unigram-bytes", 3000), ("bpe", 24)]
)
def test_long_texts_are_cut_alike(kind, limit, tmp_path):
    compare(learnt(kind, NORMALIZATIONS[limit % 3]), LONG, [], limit, tmp_path)


@pytest.mark.parametrize("change", [None, with_ties, with_unused])
@pytest.mark.parametrize("name", OPTIONS)
def test_sentencepiece_models_of_others(name, change, tmp_path):
    tokenizer = stranger(name, change)
    texts = [*LINES, *hostile_texts(150), *STRANGE]
    compare(tokenizer, texts, random_ids(100, tokenizer.vocabulary_size), 40, tmp_path)
