import random

import pytest

from keras_seq2seq.evaluation import paired_bootstrap, score_corpus, score_lowercased_tokenised
from keras_seq2seq.evaluation.paired_score import difference_confidences

REFERENCES = [
    f"The {a} {b} {c} the {d}."
    for a in ("old", "young", "tall")
    for b in ("man", "dog", "child", "nurse")
    for c in ("sees", "likes")
    for d in ("house", "river")
]


def spoiled(share, seed):
    """The references with so many words replaced."""
    chance = random.Random(seed)
    lines = (line.split() for line in REFERENCES)
    return [" ".join("blah" if chance.random() < share else w for w in line) for line in lines]


def by_name(rows):
    return {(row.system, row.metric): row for row in rows}


def test_a_clear_difference_is_significant_and_noise_is_not():
    systems = {"base": spoiled(0.3, 1), "same": spoiled(0.3, 2), "better": spoiled(0.05, 3)}
    rows = by_name(paired_bootstrap(systems, REFERENCES, resamples=200))
    for metric in ("bleu", "chrf", "ter"):
        assert rows["base", metric].difference is None and rows["base", metric].p_value is None
        assert rows["better", metric].p_value < 0.01
        assert rows["same", metric].p_value > 0.05
        assert rows["base", metric].confidence > 0
    assert rows["better", "bleu"].difference > 0 > rows["better", "ter"].difference


def test_scores_are_those_of_the_corpus_and_differences_fit():
    systems = {"a": spoiled(0.3, 1), "b": spoiled(0.2, 2)}
    rows = by_name(paired_bootstrap(systems, REFERENCES, resamples=50))
    for name, lines in systems.items():
        scores = score_corpus(lines, REFERENCES)
        for metric in ("bleu", "chrf", "ter"):
            assert rows[name, metric].score == pytest.approx(getattr(scores, metric))
    for metric in ("bleu", "chrf", "ter"):
        difference = rows["b", metric].score - rows["a", metric].score
        assert rows["b", metric].difference == pytest.approx(difference)
    assert "bs:50" in rows["a", "bleu"].signature


def test_equal_systems_do_not_differ():
    lines = spoiled(0.3, 1)
    rows = paired_bootstrap({"a": lines, "b": list(lines)}, REFERENCES, resamples=50)
    assert [(r.difference, r.p_value) for r in rows if r.system == "b"] == [(0, 1.0)] * 3


def test_it_is_repeatable():
    systems = {"a": spoiled(0.3, 1), "b": spoiled(0.2, 2)}
    runs = [paired_bootstrap(systems, REFERENCES, resamples=50) for _ in range(2)]
    assert runs[0] == runs[1]


def test_with_a_language_text_is_lowercased_and_tokenised():
    lower = [line.lower() for line in REFERENCES]
    systems = {"a": spoiled(0.3, 1), "b": lower}
    rows = by_name(paired_bootstrap(systems, REFERENCES, language="en", resamples=50))
    assert rows["b", "bleu"].score == pytest.approx(100)
    expected = score_lowercased_tokenised(systems["a"], REFERENCES, "en").bleu
    assert rows["a", "bleu"].score == pytest.approx(expected)


@pytest.mark.parametrize(
    ("systems", "resamples", "message"),
    [
        ({"a": ["x"]}, 100, "two systems or more"),
        ({"a": ["x"], "b": ["x", "y"]}, 100, "b has 2 translations for 1"),
        ({"a": ["x"], "b": ["y"]}, 3, "at least 40"),
    ],
)
def test_wrong_input_is_refused(systems, resamples, message):
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(systems, ["x"], resamples=resamples)


# === Confidence of differences ===


@pytest.mark.parametrize("metric", ["bleu", "exact_match"])
def test_the_same_mistakes_make_differences_sure(metric):
    """Two systems that differ in few sentences differ by less chance than two that do in all."""
    base = spoiled(0.1, 1)
    near = [*base[:40], *spoiled(0.1, 2)[40:]]
    systems = {"base": base, "equal": list(base), "near": near, "far": spoiled(0.1, 3)}
    found = difference_confidences(systems, REFERENCES, metric, 200)
    assert found["base"] == found["equal"] == 0
    assert 0 < found["near"] < 0.7 * found["far"]
    assert found == difference_confidences(systems, REFERENCES, metric, 200)


def test_four_times_as_many_sentences_halve_the_interval():
    """And the interval of a share is the one that the binomial distribution has."""
    base, other = ["right"] * 100, ["right"] * 80 + ["wrong"] * 20
    few, many = (
        difference_confidences({"a": base * n, "b": other * n}, base * n, "exact_match")["b"]
        for n in (4, 16)
    )
    assert few == pytest.approx(196 * (0.2 * 0.8 / 400) ** 0.5, rel=0.1)
    assert many == pytest.approx(few / 2, rel=0.1)


def test_bleu_of_the_draws_is_that_of_sacrebleu():
    """The interval of a system beside one that is always perfect is the one of its own score."""
    lines = spoiled(0.2, 1)
    rows = by_name(paired_bootstrap({"a": REFERENCES, "b": lines}, REFERENCES, resamples=1000))
    found = difference_confidences({"a": REFERENCES, "b": lines}, REFERENCES)
    assert found["b"] == pytest.approx(rows["b", "bleu"].confidence, rel=0.01)


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="got 'exact'. Did you mean 'exact_match'"):
        difference_confidences({"a": ["x"], "b": ["y"]}, ["x"], "exact")
    with pytest.raises(ValueError, match="difference_confidences: b has 2 translations for 1"):
        difference_confidences({"a": ["x"], "b": ["y", "z"]}, ["x"])
