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
    Normalization(form, lowercase, collapse)
    for form in ("NFC", "NFKC", "NFD", None)
    for lowercase in (False, True)
    for collapse in (False, True)
]
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text("aAé e\u0301\u1100\u1161\u11a8각ﬁΣσİ\u0323\t\u3000\n", max_size=20),
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
