"""Pairs in memory: from whatever holds texts, and shown in short."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq import ByteTokenizer, Phrasebook, make_dataset
from keras_seq2seq.data import SentencePairs

SOURCES, TARGETS = ["안녕", "고마워"], ["hello", "thanks"]


class Frame:
    """What is used of a pandas DataFrame."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self._data = columns

    def __getitem__(self, name):
        return np.array(self._data[name], object)


@pytest.mark.parametrize(
    "make", [list, tuple, np.array, tf.constant, lambda x: [t.encode() for t in x], iter]
)
def test_whatever_holds_texts_becomes_lists_of_str(make):
    if make is iter:
        pairs = SentencePairs.from_pairs(zip(SOURCES, TARGETS, strict=True))
    else:
        pairs = SentencePairs(make(SOURCES), make(TARGETS))
    assert (pairs.sources, pairs.targets) == (SOURCES, TARGETS)
    assert {type(text) for pair in pairs for text in pair} == {str}


def test_a_dataset_of_pairs_is_read():
    pairs = SentencePairs.from_pairs(tf.data.Dataset.from_tensor_slices((SOURCES, TARGETS)))
    assert list(pairs) == list(zip(SOURCES, TARGETS, strict=True))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["ab", "cd"], "Pair 1"),
        ([("a", "b"), ("c", "d", "e")], "Pair 2"),
        ([("a", None)], r"targets\[0\] is None"),
        ([("a", float("nan"))], r"targets\[0\] is nan"),
        ([3], "Pair 1"),
        (Frame(source=SOURCES, target=TARGETS), "from_pandas"),
    ],
)
def test_what_is_no_pair_is_named(pairs, message):
    with pytest.raises(TypeError, match=message):
        SentencePairs.from_pairs(pairs)
    with pytest.raises(TypeError, match=message):
        make_dataset(pairs, ByteTokenizer(), ByteTokenizer())


def test_one_string_is_no_list():
    with pytest.raises(TypeError, match="sources is one string"):
        SentencePairs("ab", "cd")


def test_a_list_of_pairs_makes_a_dataset():
    tokenizer = ByteTokenizer()
    given = make_dataset([("a", "b"), ("cd", "ef")], tokenizer, tokenizer, shuffle=False)
    same = make_dataset(
        SentencePairs(["a", "cd"], ["b", "ef"]), tokenizer, tokenizer, shuffle=False
    )
    for ours, theirs in zip(given, same, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, ours, theirs)
    with pytest.raises(ValueError, match="holds no sentence pair"):
        make_dataset([], tokenizer, tokenizer)


def test_a_table_is_read_by_its_columns():
    frame = Frame(de=SOURCES, note=["x", "y"], en=TARGETS)
    assert SentencePairs.from_pandas(frame, "de", "en").targets == TARGETS
    assert SentencePairs.from_pandas(frame).targets == ["x", "y"]  # the first two
    with pytest.raises(ValueError, match="there are .'de', 'note', 'en'"):
        SentencePairs.from_pandas(frame, "de", "fr")
    with pytest.raises(TypeError, match=r"targets\[1\] is nan"):
        SentencePairs.from_pandas(Frame(a=SOURCES, b=["hello", float("nan")]))


def test_pandas_both_ways():
    pytest.importorskip("pandas")
    pairs = SentencePairs(SOURCES, TARGETS)
    frame = pairs.to_pandas()
    assert list(frame.columns) == ["source", "target"]
    assert list(SentencePairs.from_pandas(frame)) == list(pairs)


def test_without_pandas_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        SentencePairs(SOURCES, TARGETS).to_pandas()


def test_it_is_shown_in_short():
    pairs = SentencePairs.from_pairs(Phrasebook().split("train"), "phrasebook:train")
    assert len(repr(pairs)) < 200 and "23,000 pairs" in repr(pairs)
    assert "origin" not in repr(pairs) and pairs.sources[0][:5] in repr(pairs)
    assert len(repr(SentencePairs(["x" * 10**6], ["y" * 10**6]))) < 200
    assert repr(SentencePairs([], [], "none")) == "SentencePairs('none', 0 pairs)"


def test_a_notebook_shows_a_few_rows_escaped():
    shown = SentencePairs(["<b>&"] * 9, ["c"] * 9, "a<b")._repr_html_()
    assert shown.count("<tr>") == 1 + 5 and "&lt;b&gt;&amp;" in shown and "<b>" not in shown
    assert "a&lt;b: 9 pairs, of which 5 are shown" in shown
    assert SentencePairs([], [])._repr_html_().count("<tr>") == 1


def test_a_choice_without_counts_is_reported_anew():
    pairs = SentencePairs(["a", "b", "c"], ["A", "B", "C"])
    less = pairs.keep(range(2))
    assert less.targets == ["A", "B"] and less.report.describe() == "memory: 2 pairs read, 2 kept"
    dropped = pairs.keep([0, 1], over_long=1)
    assert dropped.keep([1, 0]).report == dropped.report  # the same pairs in another order
    assert dropped.keep([1]).report.read == 1
    with pytest.raises(ValueError, match="do not add up"):
        pairs.keep([0], over_long=1)
