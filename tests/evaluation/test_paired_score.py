import random

import pytest

from keras_seq2seq.evaluation import paired_bootstrap, score_corpus, score_lowercased_tokenised

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
