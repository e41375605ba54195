"""Spans of tokens in the text as it was given."""

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.text import (
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
)
from keras_seq2seq.text.alignment import align_python

LINES = ["Größe über Straße", "안녕하세요 여러분 반가워요", "a cat sat on a mat", "e\u0301tude"]
FORMS = [
    Normalization(form, lowercase, collapse, drop)
    for form in ("NFC", "NFKC", "NFD", None)
    for lowercase in (False, True)
    for collapse in (False, True)
    for drop in (False, True)
]
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text("aAé e\u0301\u1100\u1161\u11a8각ﬁΣσİ\u0323\t\u3000\n\u00ad\u200b\0", max_size=20),
)


@given(TEXTS, st.sampled_from(FORMS))
@settings(max_examples=500, deadline=None)
def test_every_character_of_the_normalized_text_has_its_place(text, normalization):
    normalized, spans = align_python(normalization, text)
    assert normalized == normalization.normalize_python(text)
    assert len(spans) == len(normalized)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


def test_what_was_composed_and_collapsed_is_found():
    assert align_python(Normalization("NFC"), "  e\u0301\t \u1100\u1161\u11a8")[1] == [
        (2, 4),
        (4, 6),
        (6, 9),
    ]
    assert align_python(Normalization("NFKC"), "ﬁ") == ("fi", [(0, 1), (0, 1)])
    assert align_python(Normalization(), "") == ("", [])


def test_what_was_dropped_belongs_to_what_is_before_it():
    text = "\ufeffe\u00ad\u0301t\u00adu \u200b de"
    assert align_python(Normalization(), text) == (
        "étu de",
        [(1, 4), (4, 6), (6, 7), (7, 10), (10, 11), (11, 12)],
    )
    assert align_python(Normalization(), "\u200b \u00ad") == ("", [])


TOKENIZERS = [
    ByteTokenizer(),
    CharacterTokenizer.learn(LINES, 20, Normalization("NFD")),
    SentencePieceTokenizer.learn(LINES, 80),
    SentencePieceTokenizer.learn(LINES, 340, byte_fallback=True, character_coverage=0.98),
    SentencePieceTokenizer.learn(
        LINES, 80, Normalization("NFKC", lowercase=True), model_type="bpe"
    ),
]
every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: t.name)


@every_tokenizer
@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_spans_and_strings_are_parallel_to_the_ids(tokenizer, text):
    ids, spans = tokenizer.tokenize_python(text), tokenizer.spans_python(text)
    assert len(spans) == len(ids)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    normalized = tokenizer.normalization.normalize_python(text)
    if normalized:
        assert spans[-1][1] == align_python(tokenizer.normalization, text)[1][-1][1]


@every_tokenizer
def test_strings_are_parallel_to_the_ids(tokenizer):
    texts = [*LINES, "", "쀍 unknown 쀍", "  two  spaces "]
    ids, strings = tokenizer.tokenize(texts), tokenizer.tokenize_to_strings(texts)
    assert ids.row_lengths().numpy().tolist() == strings.row_lengths().numpy().tolist()
    normalized = [tokenizer.normalization.normalize_python(text) for text in texts]
    if tokenizer.name.startswith("byte") or not isinstance(tokenizer, SentencePieceTokenizer):
        joined = [b"".join(row).decode() for row in strings.to_list()]
        assert joined == normalized


def test_spans_of_words_are_the_words():
    tokenizer = SentencePieceTokenizer.learn(["안녕 세상", "안녕 친구"] * 9, 14)
    text = "  안녕   쀍쀍 세상"
    found = [text[start:end].strip() for start, end in tokenizer.spans_python(text)]
    assert "".join(found) == "안녕쀍쀍세상"
    assert "쀍쀍" in found
    strings = tokenizer.tokenize_to_strings([text]).to_list()[0]
    ids = tokenizer.tokenize_python(text)
    unknown = [s.decode() for s, i in zip(strings, ids, strict=True) if i == 1]
    assert unknown == ["쀍쀍"]


@every_tokenizer
def test_unknown_tokens_are_written_as_told(tokenizer):
    ids = tokenizer.tokenize_python("a cat")
    written = tokenizer.detokenize(
        tf.constant([[*ids, 1]]), unknown=tf.fill([1, len(ids) + 1], "?")
    )
    assert written.numpy()[0].decode().endswith("?")
    known = tokenizer.detokenize(tf.constant([ids]), unknown=tf.fill([1, len(ids)], "?")).numpy()
    if 1 not in ids:
        assert known == tokenizer.detokenize([ids]).numpy()


@every_tokenizer
@given(
    st.lists(st.sampled_from(["a cat ", "쀍쀍", "e\u0301", "  \t", "\u00ad", "ﬁ"]), max_size=8),
    st.data(),
)
@settings(max_examples=25, deadline=None)
def test_spans_of_the_first_ids_are_those_of_all(tokenizer, pieces, data):
    times = st.integers(1, 1500)
    text = "".join(piece * data.draw(times) for piece in pieces)
    limit = data.draw(st.sampled_from([0, 1, 20, 100]))
    spans = tokenizer.spans_python(text)
    assert len(spans) == len(tokenizer.tokenize_python(text))
    assert tokenizer.spans_python(text, limit) == spans[:limit]


@every_tokenizer
def test_spans_in_a_million_characters(tokenizer):
    for text in (
        "a cat sat " * 100_000,
        "쀍" * 1_000_000,
        " " * 100_000 + "a cat" + "z" * 900_000,
        "e\u0301" * 500_000,
    ):
        spans = tokenizer.spans_python(text, 63)
        assert len(spans) == len(tokenizer.tokenize_python(text, 63)) > 0
        start, end = next(span for span in spans if span[0] < span[1])
        assert text[start:end].strip(" ")[:2] in ("a", "쀍" * 2, "쀍", "e\u0301")
