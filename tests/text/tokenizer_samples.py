"""Tokenizers and texts that several test modules use."""

import functools

from hypothesis import strategies as st

from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)

EXACT = Normalization(None, collapse_whitespace=False, drop_invisible=False)
LINES = [
    "A cat sat on the mat.",
    "The rat sat on the cat's mat, and the cat sat on the rat.",
    "고양이가 매트에 앉았다.",
    "쥐가 고양이 위에 앉았다.",
    "Größe über Straße, this is it",
] * 4


@functools.cache
def make(name):
    if name == "byte":
        return ByteTokenizer(EXACT)
    if name == "character":
        return CharacterTokenizer.learn(LINES, 60, Normalization("NFD", lowercase=True))
    model_type, byte_fallback = name.split("-")
    return SentencePieceTokenizer.learn(
        LINES, 400, EXACT, model_type=model_type, byte_fallback=byte_fallback == "bytes"
    )


NAMES = ["byte", "character", "unigram-bytes", "unigram-unk", "bpe-bytes"]
PIECES = st.sampled_from(
    ["cat", "the ", "고양이", "\u1100\u1161", "ß", " ", "  ", "\x00", "\n", "\t", "\u2581", "😀"]
    + ["\u200b", "\ufeff", "\ufffd", "<s>", "</s>", "<pad>", "<unk>", "<0x41>", "Σ", "İ", "\u2047"]
)
TEXT = st.one_of(
    st.lists(PIECES, max_size=6).map("".join),
    st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=8),
)
