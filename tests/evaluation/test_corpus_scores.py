import dataclasses

import pytest
import sacrebleu

from keras_seq2seq.evaluation import (
    lowercased_tokenised,
    score_corpus,
    score_lowercased_tokenised,
)

REFERENCES = ["The cat sat on the mat.", "I drink water every day.", "Where is the library?"]
SCORERS = [score_corpus, score_lowercased_tokenised]


@pytest.mark.parametrize("scorer", SCORERS)
def test_equal_text_scores_one_hundred(scorer):
    scores = scorer(REFERENCES, REFERENCES)
    assert scores.bleu == pytest.approx(100)
    assert scores.chrf == pytest.approx(100)
    assert scores.ter == 0
    assert scores.exact_match == 100


def test_scores_are_sacrebleus_with_its_signatures():
    hypotheses = ["The cat sat on a mat.", "I drink water every day.", ""]
    scores = score_corpus(hypotheses, REFERENCES)
    assert scores.bleu == sacrebleu.corpus_bleu(hypotheses, [REFERENCES]).score
    assert scores.chrf == sacrebleu.corpus_chrf(hypotheses, [REFERENCES]).score
    assert scores.ter == sacrebleu.corpus_ter(hypotheses, [REFERENCES]).score > 0
    assert scores.exact_match == pytest.approx(100 / 3)
    assert "case:mixed" in scores.bleu_signature
    assert "tok:13a" in scores.bleu_signature
    assert "nc:6" in scores.chrf_signature
    assert "tok:tercom" in scores.ter_signature
    assert scores.text == "raw"


def test_case_counts_in_raw_text_alone():
    lower = [r.lower() for r in REFERENCES]
    assert score_corpus(lower, REFERENCES).bleu < 100
    assert score_lowercased_tokenised(lower, REFERENCES).bleu == pytest.approx(100)


def test_both_sides_are_prepared_alike_and_not_tokenised_again():
    hypotheses = ["Ein Hund, z.B. „Bello“, bellt!", "Zwei 3-jährige Kinder."]
    references = ["ein hund , z.b. “Bello” , bellt !", "Drei 3-jährige Kinder."]
    scores = score_lowercased_tokenised(hypotheses, references, "de")
    ours, theirs = (lowercased_tokenised(lines, "de") for lines in (hypotheses, references))
    assert ours[0] == theirs[0] and scores.exact_match == 50
    expected = sacrebleu.corpus_bleu(ours, [theirs], tokenize="none", force=True)
    assert scores.bleu == pytest.approx(expected.score)
    assert "case:lc" in scores.bleu_signature and "tok:none" in scores.bleu_signature
    assert scores.text.startswith("norm:moses|tok:moses-de|case:lc")


def test_a_hyphenated_word_is_one_token_for_bleu():
    """With 13a, "3-year-old" would be five tokens."""
    scores = score_lowercased_tokenised(["a b c d 3-year-old"], ["a b c d 4-year-old"])
    assert scores.bleu == pytest.approx(100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)


def test_the_input_is_left_alone():
    hypotheses = tuple(REFERENCES)
    for scorer in SCORERS:
        assert dataclasses.asdict(scorer(hypotheses, REFERENCES))["sentences"] == 3
    assert hypotheses == tuple(REFERENCES)


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize(("ours", "theirs"), [(["a"], ["a", "b"]), ([], [])])
def test_numbers_must_agree(scorer, ours, theirs):
    with pytest.raises(ValueError, match=f"got {len(ours)} and {len(theirs)}"):
        scorer(ours, theirs)


@pytest.mark.parametrize("score", SCORERS)
def test_blank_references_are_never_matched(score):
    scores = score(["a cat", "", " ", "a dog"], ["a cat", "", " ", "a cow"])
    assert scores.exact_match == 25
    with pytest.raises(ValueError, match="all of 2 references are blank"):
        score(["", ""], ["", " "])
