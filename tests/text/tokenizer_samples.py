"""Tokenizers and texts that several test modules use."""

import functools

from hypothesis import strategies as st
from sample_lines import EXACT, LINES

from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)


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
