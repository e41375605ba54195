import pytest
import sacrebleu

from keras_seq2seq.evaluation import score_corpus

REFERENCES = ["The cat sat on the mat.", "I drink water every day.", "Where is the library?"]


def test_equal_text_scores_one_hundred():
    scores = score_corpus(REFERENCES, REFERENCES)
    assert scores.bleu == pytest.approx(100)
    assert scores.chrf == pytest.approx(100)
    assert scores.exact_match == 100


def test_scores_are_sacrebleus_with_its_signatures():
    hypotheses = ["The cat sat on a mat.", "I drink water every day.", ""]
    scores = score_corpus(hypotheses, REFERENCES)
    assert scores.bleu == sacrebleu.corpus_bleu(hypotheses, [REFERENCES]).score
    assert scores.chrf == sacrebleu.corpus_chrf(hypotheses, [REFERENCES]).score
    assert scores.exact_match == pytest.approx(100 / 3)
    assert "case:mixed" in scores.bleu_signature
    assert "tok:13a" in scores.bleu_signature
    assert "nc:6" in scores.chrf_signature


def test_case_counts():
    assert score_corpus([r.lower() for r in REFERENCES], REFERENCES).bleu < 100


@pytest.mark.parametrize(("ours", "theirs"), [(["a"], ["a", "b"]), ([], [])])
def test_numbers_must_agree(ours, theirs):
    with pytest.raises(ValueError, match=f"got {len(ours)} and {len(theirs)}"):
        score_corpus(ours, theirs)
