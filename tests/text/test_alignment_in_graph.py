"""Spans of tokens in the graph are those of Python."""

import pytest
import tensorflow as tf
from contracts import few_at_first
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_samples import LINES
from word_tokenizer import WordTokenizer

from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)
from keras_seq2seq.text.alignment import align_python
from keras_seq2seq.text.alignment_in_graph import align

FORMS = {
    f"{form}{'-lower' * lower}{'-collapse' * collapse}{'-drop' * drop}": Normalization(
        form, lower, collapse, drop
    )
    for form in ("NFC", "NFKC", "NFD", None)
    for lower in (False, True)
    for collapse in (False, True)
    for drop in (False, True)
}
# Those that differ most first.
MIXED = ["NFKC-lower-collapse-drop", "NFD-drop", "NFC-collapse", "None-lower"]
MIXED += [name for name in FORMS if name not in MIXED]
PIECES = ["a cat", "A", "é", "e\u0301", "\u0323", "\u1100\u1161\u11a8", "\u11a8", "각", "고양이 "]
PIECES += ["ﬁ", "ﷺ", "①", "ΟΔΟΣ", "σ", "İ", "\u00a8", "\u3000", "\t \n", " ", "\u00ad", "\u200b"]
PIECES += ["👩\u200d👧❤\ufe0f", "🇰🇷", "쀍", "\0", "\ufeff", "\ufffd", "\u0f73\u0f72", "<s>", "ß"]
UNKNOWN = st.characters(exclude_categories=["Cs", "Cn"])  # ICU knows more than this Python
TEXT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.text(UNKNOWN, max_size=12),
    st.lists(st.sampled_from(PIECES).map(str.encode) | st.binary(max_size=3), max_size=6).map(
        b"".join
    ),
)
TEXTS = [tf.TensorSpec([None], tf.string)]


def as_str(text):
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


@pytest.fixture(scope="module")
def aligns():
    """A function for each normalization: traced once, as a signature is."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = tf.function(lambda text: align(FORMS[name], text), TEXTS, autograph=False)
        return made[name]

    return make


@pytest.mark.parametrize("name", few_at_first(2, MIXED))
@given(texts=st.lists(TEXT, max_size=6))
@settings(max_examples=20, deadline=None)
def test_characters_have_the_places_that_python_finds(name, texts, aligns):
    aligned = aligns(name)(tf.constant(texts, tf.string))
    splits = aligned.splits.numpy()
    for row, text in enumerate(map(as_str, texts)):
        normalized, spans = align_python(FORMS[name], text)
        part = slice(splits[row], splits[row + 1])
        assert "".join(map(chr, aligned.codes.numpy()[part])) == normalized
        found = zip(aligned.starts.numpy()[part], aligned.ends.numpy()[part], strict=True)
        assert list(found) == spans


TOKENIZERS = {
    "unigram": SentencePieceTokenizer.learn(LINES, 90),
    "unigram-bytes": SentencePieceTokenizer.learn(
        LINES, 340, FORMS["NFKC-collapse"], byte_fallback=True, character_coverage=0.98
    ),
    "bytes": ByteTokenizer(FORMS["NFKC-lower-collapse-drop"]),
    "characters": CharacterTokenizer.learn(LINES, 40, FORMS["NFD-lower-collapse-drop"]),
    "bytes, as given": ByteTokenizer(FORMS["None"]),
    "words": WordTokenizer.learn(LINES, 20),
    "bpe": SentencePieceTokenizer.learn(LINES, 90, FORMS["NFD-lower"], model_type="bpe"),
}


@pytest.fixture(scope="module")
def spans():
    """The spans of a tokenizer by its name: traced once for each limit."""
    made = {}

    def make(name, limit):
        def find(text):
            return TOKENIZERS[name].spans(text, limit)

        if (name, limit) not in made:
            made[name, limit] = tf.function(find, TEXTS, autograph=False)
        return made[name, limit]

    return make


def check(name, spans, texts, limit):
    starts, ends = spans(name, limit)(tf.constant(texts, tf.string))
    assert starts.dtype == ends.dtype == tf.int32
    for row, text in enumerate(map(as_str, texts)):
        expected = TOKENIZERS[name].spans_python(text, limit)
        found = zip(starts[row].numpy(), ends[row].numpy(), strict=True)
        assert list(found) == expected


@pytest.mark.parametrize("name", few_at_first(2, TOKENIZERS))
@given(st.lists(TEXT | st.just("a cat sat "), max_size=6))
@settings(max_examples=40, deadline=None)
def test_tokens_have_the_places_that_python_finds(name, spans, texts):
    check(name, spans, texts, None if name == "unigram" else 20)


@pytest.mark.parametrize("name", few_at_first(2, TOKENIZERS))
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.integers(1, 9000)), max_size=4))
@settings(max_examples=3, deadline=None)
def test_long_texts_have_the_places_that_python_finds(name, spans, runs):
    text = "".join(piece * times for piece, times in runs)
    check(name, spans, ["a cat sat", text, text[:5000], " "], 20)
