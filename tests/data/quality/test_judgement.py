"""Facts of pairs whose right values are known, and what is complained of."""

import pytest

from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.quality import judgement
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text import CharacterTokenizer

LETTERS = CharacterTokenizer(list("abcdefgh"))


def encoded(rows, tokenizer=LETTERS):
    return EncodedPairs.of(SentencePairs.from_pairs(rows), tokenizer, tokenizer)


def words(count):
    """So many different words of the letters known."""
    return [
        oct(8**5 + n)[2:].translate(str.maketrans("01234567", "abcdefgh")) for n in range(count)
    ]


def judged(train, valid, tokenizer=LETTERS):
    facts, said = judgement.judge_pairs(
        encoded(train, tokenizer), encoded(valid, tokenizer), tokenizer, tokenizer
    )
    return facts, said


def test_facts_are_counted():
    rows = [("ab", "xyz"), ("ab", "a"), ("ab", "a"), ("c", "abcd"), ("", "")]
    facts = judgement.facts_of(encoded(rows))
    assert facts["source"] == {
        "unknown_tokens": 0,
        "lengths": {"min": 0, "median": 2, "p95": 2, "max": 2},
    }
    assert facts["target"]["unknown_tokens"] == pytest.approx(3 / 9, abs=1e-6)
    assert facts["target"]["lengths"] == {"min": 0, "median": 1, "p95": 4, "max": 4}
    assert (facts["sources"], facts["sources_with_several_targets"]) == (3, 1)
    assert (facts["blank_sources"], facts["blank_references"]) == (1, 1)


def test_overlap_is_that_of_what_tokenizers_read():
    train = SentencePairs(["a b", "c", "d"], ["e", "f", "g"])
    other = SentencePairs(["a  b", "a b", "c", "h"], ["e", "x", "f", "g"])
    assert judgement.overlap(train, other, LETTERS, LETTERS) == {"pairs": 2, "sources": 3}


def test_good_pairs_are_not_complained_of():
    rows = list(zip(words(300), words(300), strict=True))
    facts, said = judged(rows[:280], rows[280:])
    assert said == []
    assert facts["train"]["kept"] == facts["train"]["read"] == 280
    assert facts["valid"]["in_train"] == {"pairs": 0, "sources": 0}


def test_validating_on_what_is_learnt_is_told():
    rows = list(zip(words(50), words(50), strict=True))
    (said,) = judged(rows, rows)[1]
    assert said.startswith("valid: 50 of 50 pairs are in train as well.")
    others = [(source, target + "a") for source, target in rows[:10]]
    (said,) = judged(rows, others)[1]
    assert said.startswith("valid: the sources of 10 of 10 pairs are in train as well, with other")


def test_a_vocabulary_of_one_letter_is_told_for_each_side():
    one = CharacterTokenizer.learn(["abc"], 5)
    assert one.vocabulary_size == 5
    rows = list(zip(words(60), words(60), strict=True))
    facts, said = judged(rows[:40], rows[40:], one)
    assert facts["train"]["source"]["unknown_tokens"] > 0.4  # the letter takes the rest
    starts = [
        f"{split}: {facts[split][side]['unknown_tokens']:.1%} of the {side} tokens"
        for split in ("train", "valid")
        for side in ("source", "target")
    ]
    assert [line[: len(start)] for line, start in zip(said, starts, strict=True)] == starts
    assert all("text.vocabulary_size" in line for line in said)


def test_sources_with_several_targets_and_over_long_pairs_are_told():
    rows = list(zip(words(100), words(100), strict=True))
    several = [*rows, *((source, "h") for source, _ in rows[:30])]
    valid = [("ah", "ah")]
    (said,) = judged(several, valid)[1]
    assert said.startswith("train: 30 of 100 sources have several targets.")
    pairs = encoded(rows).keep(range(80), over_long=20)
    (said,) = judgement.judge_pairs(pairs, encoded(valid), LETTERS, LETTERS)[1]
    assert said.startswith("train: 20 pairs are over-long and left out.")
