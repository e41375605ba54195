"""Pairs that are held out: apart from the others, the same in every run."""

import random
import unicodedata

import pytest

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.quality.held_out import hold_out
from keras_seq2seq.data.sentence_pairs import SentencePairs


def corpus(count):
    return [(f"source {n}", f"target {n}") for n in range(count)]


def held(rows):
    return set(hold_out(SentencePairs.from_pairs(rows))[1])


@pytest.mark.parametrize("count, taken", [(100, 20), (400, 20), (1000, 50), (30_000, 1000)])
def test_a_twentieth_within_limits_is_taken_and_counted(count, taken):
    pairs = SentencePairs.from_pairs(corpus(count), "mine.tsv")
    train, valid = hold_out(pairs)
    assert (len(train), len(valid)) == (count - taken, taken)
    assert sorted([*train, *valid]) == sorted(pairs)
    assert train.report.held_out == taken and f"({taken:,} held-out)" in train.report.describe()
    assert valid.origin == "mine.tsv (held out)" and valid.report.read == taken


def test_neither_the_order_nor_chance_decides():
    rows = corpus(500)
    shuffled = random.Random(1).sample(rows, len(rows))
    assert held(rows) == held(shuffled)
    assert held(rows) != set(rows[:25]) and held(rows) != set(rows[-25:])


def test_pairs_that_are_added_move_few_others():
    before, after = held(corpus(2000)), held(corpus(2100))
    assert len(before & after) > 0.85 * len(before)


SPELLINGS = [
    str.upper,
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: f"  {text.replace(' ', chr(0xA0) * 2)}",
    lambda text: text.replace(" ", " \u00ad\u200b\ufeff"),
    lambda text: text.replace("s", "ｓ"),  # full width
    lambda text: f"{text}\x00\u202c",
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_no_source_stands_on_both_sides_in_any_spelling(spell):
    rows = [(f"sé {n}", f"target {n}") for n in range(150)]
    rows += [(spell(source), f"other {target}") for source, target in rows]
    train, valid = hold_out(SentencePairs.from_pairs(rows))
    numbers = [{target.split()[-1] for target in side.targets} for side in (train, valid)]
    assert len(valid) == 20 and not numbers[0] & numbers[1]


def test_no_target_stands_on_both_sides_while_there_are_others():
    rows = [(f"{word} {n}", f"target {n}") for n in range(150) for word in ("one", "other")]
    rows += corpus(100)  # whose targets are taken, too, up to 99
    rows += [(f"lonely {n}", f"lonely {n}") for n in range(40)]
    assert {source.split()[0] for source, _ in held(rows)} == {"lonely"}


def test_few_labels_for_many_sources_can_be_held_out():
    rows = [(f"source {n}", ("yes", "no")[n % 2]) for n in range(400)]
    assert len(held(rows)) == 20


@pytest.mark.parametrize(
    "rows, said",
    [
        (corpus(99), "mine.tsv has 99 pairs, too few"),
        (corpus(1), "mine.tsv has 1 pairs"),
        ([("the same", f"target {n}") for n in range(500)], "too few different sources"),
    ],
)
def test_what_cannot_be_held_out_is_refused(rows, said):
    with pytest.raises(CorpusError, match=said) as caught:
        hold_out(SentencePairs.from_pairs(rows, "mine.tsv"))
    assert "--valid FILE" in str(caught.value)
