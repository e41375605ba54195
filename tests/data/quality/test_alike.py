"""Pairs that differ in spelling alone are duplicates; what was decided before stays."""

import pytest

from keras_seq2seq.data.quality.alike import drop_alike
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text import ByteTokenizer, Normalization


def dropped(rows, **normalization):
    tokenizer = ByteTokenizer(normalization=Normalization(**normalization))
    pairs = drop_alike(SentencePairs.from_pairs(rows), tokenizer, tokenizer)
    report = pairs.report
    assert report.read == report.kept + report.dropped == len(rows)
    return list(pairs), (report.duplicate, report.empty)


@pytest.mark.parametrize(
    "other, normalization",
    [
        ("cafe\u0301", {}),
        ("caf\u00e9 ", {}),
        ("\u3000caf\u00e9", {"form": None}),
        ("CAFÉ", {"lowercase": True}),
        ("ｃａｆé", {"form": "NFKC"}),
    ],
)
def test_the_same_to_the_tokenizers_is_a_duplicate(other, normalization):
    rows = [("café", "tea"), (other, "tea"), (other, "milk"), ("tea", other)]
    assert dropped(rows, **normalization) == ([rows[0], *rows[2:]], (1, 0))


@pytest.mark.parametrize(
    "other, normalization", [("CAFÉ", {}), ("cafe\u0301", {"form": None}), ("cafe", {})]
)
def test_what_tokenizers_tell_apart_stays(other, normalization):
    rows = [("café", "tea"), (other, "tea")]
    assert dropped(rows, **normalization) == (rows, (0, 0))


def test_pairs_that_are_equal_as_they_are_written_stay():
    rows = [("a", "b"), ("a", "b"), ("", ""), ("", "")]  # someone gave them so
    assert dropped(rows) == (rows, (0, 0))
