"""Of a long text no more is read than the first ids need, and they are those of the whole."""

import itertools

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
    inputs,
)

TOKENIZERS = {
    "unigram": SentencePieceTokenizer.learn(LINES, 90),
    "characters": CharacterTokenizer.learn(LINES, 40, Normalization("NFD", lowercase=True)),
    "bytes": ByteTokenizer(Normalization("NFKC", lowercase=True)),
    "words": WordTokenizer.learn(LINES, 20),
}
PIECES = ["a cat ", "A", "쀍", "고양이", "\u1100\u1161\u11a8", "e\u0301", "\u0323", "Σ", "ﷺ", " \t"]
PIECES = [piece.encode() for piece in [*PIECES, "\u200b", "\0", "\ufffd"]]
PIECES += [b"\x80", b"\xff", b"\xe1\x80", b"\xed\xa0\x80", b"\xf0\x9f\x98"]
# One of each kind that UTF-8 tells apart.
BYTES = b"A\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xff"


def texts(most):
    runs = st.tuples(st.sampled_from(PIECES), st.integers(1, most))
    return st.lists(runs, max_size=5).map(lambda runs: b"".join(p * n for p, n in runs))


def test_broken_bytes_become_as_many_characters_as_in_python():
    raw = [bytes(some) for n in range(1, 5) for some in itertools.product(BYTES, repeat=n)]
    found = inputs.beginning(tf.constant(raw), 9).numpy()
    wrong = [
        r for r, f in zip(raw, found, strict=True) if f.decode() != r.decode("utf-8", "replace")
    ]
    assert wrong == []
    counts = inputs.lengths(tf.constant(raw)).numpy().tolist()
    assert counts == [len(text.decode()) for text in found]


@given(texts(9), st.integers(0, 40))
@settings(deadline=None)
def test_the_first_characters_are_those_of_the_whole(raw, count):
    found = inputs.beginning(tf.constant([raw, b""]), count).numpy()
    assert found[0].decode() == raw.decode("utf-8", "replace")[:count]
    assert found[1] == b""


@pytest.fixture
def soon(monkeypatch):
    """Short texts count as long ones."""
    for name, value in {"LONG_TEXT": 6, "LONGEST_RUN": 3, "FARTHEST": 150}.items():
        monkeypatch.setattr(inputs, name, value)
    inputs._run_caps.cache_clear()
    yield
    inputs._run_caps.cache_clear()


@pytest.mark.parametrize("name", few_at_first(2, TOKENIZERS))
def test_the_graph_reads_what_python_reads(name, soon):
    tokenizer = TOKENIZERS[name]
    read = tf.function(
        lambda text: (tokenizer.tokenize(text, 2), *tokenizer.spans(text, 2)),
        [tf.TensorSpec([None], tf.string)],
        autograph=False,
    )

    @given(st.lists(texts(90), min_size=1, max_size=4))
    @settings(max_examples=60, deadline=None)
    def check(raw):
        found = [rows.to_list() for rows in read(tf.constant(raw))]
        for text, ids, starts, ends in zip(raw, *found, strict=True):
            text = text.decode("utf-8", "replace")
            assert ids == tokenizer.tokenize_python(text, 2)
            assert [*zip(starts, ends, strict=True)] == tokenizer.spans_python(text, 2)

    check()


@pytest.mark.parametrize("name", few_at_first(2, TOKENIZERS))
def test_no_cut_changes_the_ids_that_are_kept(name):
    tokenizer = TOKENIZERS[name]
    read = tf.function(
        lambda text: (tokenizer.tokenize(text, 20), tokenizer.tokenize(text)),
        [tf.TensorSpec([None], tf.string)],
        autograph=False,
    )

    @given(texts(4000))  # fewer characters than the farthest that is looked at
    @settings(max_examples=10, deadline=None)
    def check(raw):
        part, whole = (rows.to_list()[0] for rows in read(tf.constant([raw])))
        assert part == whole[:20]
        text = raw.decode("utf-8", "replace")
        assert part == tokenizer.tokenize_python(text, 20)

    check()


@pytest.mark.parametrize("name", few_at_first(2, TOKENIZERS))
def test_what_is_far_behind_is_not_looked_at(name):
    tokenizer = TOKENIZERS[name]
    for filling in (b" ", b"\0", "쀍".encode()):
        near, far = (filling * n + b" a cat" for n in (100_000, 2_000_000))
        ids = tokenizer.tokenize([near, far, filling * 2_000_000], 20).to_list()
        assert len(ids[0]) > len(ids[1]) or len(ids[0]) == 20
        assert ids[1] == ids[2] == tokenizer.tokenize_python(far.decode(), 20)
