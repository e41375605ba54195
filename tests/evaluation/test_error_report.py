import dataclasses
import json

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from keras_seq2seq.evaluation import (
    count_words,
    make_error_report,
    plot_error_report,
    score_corpus,
)
from keras_seq2seq.evaluation.error_bucket import COUNTS, FREQUENCIES, LENGTHS, score_buckets
from keras_seq2seq.evaluation.error_report import SHORT_TEXTS, words_of

SOURCES = ["the dog", "the dog sees the old red house", "a Cat", "a zebra, too"]
REFERENCES = ["der Hund", "der Hund sieht das alte rote Haus", "eine Katze", "auch ein Zebra"]
OURS = ["der Hund", "der Hund sieht Haus", "eine Katze", "rot"]
TRAINING = ["the dog sees the cat", "the old red house", "a dog", "too", "a house"]


def report(**arguments):
    return make_error_report(SOURCES, OURS, REFERENCES, **arguments)


def labels(buckets):
    return {bucket.label: bucket.sentences for bucket in buckets}


def test_each_sentence_is_in_the_bucket_of_its_length():
    made = report()
    assert made.length_unit == "words"
    assert labels(made.by_length) == {"1-5": 3, "6-10": 1}
    assert made.by_rarest_word == [] and made.by_unknown_tokens == []


@pytest.mark.parametrize("floors", [LENGTHS, FREQUENCIES, COUNTS])
def test_buckets_share_out_the_corpus(floors):
    values = list(range(130))
    texts = [f"word {value}" for value in values]
    buckets = score_buckets(values, floors, texts, texts)
    assert sum(bucket.sentences for bucket in buckets) == len(values)
    assert [bucket.label for bucket in buckets] == list(floors.values())


@pytest.mark.parametrize(
    ("floors", "value", "label"),
    [
        (LENGTHS, 0, "1-5"),  # an empty line is short
        (LENGTHS, 5, "1-5"),
        (LENGTHS, 6, "6-10"),
        (LENGTHS, 50, "31-50"),
        (LENGTHS, 51, "51+"),
        (FREQUENCIES, 0, "unseen"),
        (FREQUENCIES, 2, "1-2"),
        (FREQUENCIES, 3, "3-9"),
        (COUNTS, 7, "3+"),
    ],
)
def test_a_bucket_holds_what_its_label_says(floors, value, label):
    assert score_buckets([value], floors, ["a"], ["a"])[0].label == label


def test_the_rarest_word_decides():
    """zebra is unseen; sees, cat, old, red and too came once or twice; dog and the more often."""
    counts = count_words([*TRAINING, "the dog", "the dog"])
    assert counts["dog"] == 4 and counts["cat"] == 1
    made = report(training_counts=counts)
    assert labels(made.by_rarest_word) == {"unseen": 1, "1-2": 2, "3-9": 1}


def test_words_have_no_case_and_no_punctuation():
    assert words_of("The DOG's „bone“, half-eaten. 물을!") == [
        "the", "dog's", "bone", "half-eaten", "물을",
    ]  # fmt: skip


def test_buckets_are_scored_as_corpora_of_their_own():
    made = report(unknown_counts=[0, 0, 0, 1])
    first, second = made.by_unknown_tokens
    expected = score_corpus(OURS[:3], REFERENCES[:3])
    assert (first.bleu, first.chrf) == (expected.bleu, expected.chrf)
    assert first.exact_match == pytest.approx(200 / 3) and second.exact_match == 0
    assert second.length_ratio == len("rot") / len("auch ein Zebra")


def test_the_worst_come_first_with_their_line():
    made = report(worst=2)
    assert [row["line"] for row in made.worst] == [4, 2]
    assert made.worst[0]["source"] == "a zebra, too" and made.worst[0]["translation"] == "rot"
    assert made.worst[0]["chrf"] < made.worst[1]["chrf"] < 100


def test_of_single_words_the_characters_count():
    words = ["hello", "antidisestablishment", "dog"]
    made = make_error_report(words, words, words)
    assert made.length_unit == "characters"
    assert labels(made.by_length) == {"1-5": 2, "16-20": 1}


def test_it_is_plain_data_and_text():
    made = report(training_counts=count_words(TRAINING), unknown_counts=[0, 0, 0, 1])
    data = json.loads(json.dumps(made.to_dict(), ensure_ascii=False))
    assert data["by_length"][0] == dataclasses.asdict(made.by_length[0])
    text = made.to_text()
    for expected in ("By length of the source (words)", "rarest word", "unknown tokens", "zebra"):
        assert expected in text
    assert "unknown tokens" not in report().to_text()


@pytest.mark.parametrize("unknown", [[0], None])
def test_numbers_must_agree(unknown):
    sources = SOURCES if unknown else SOURCES[:2]
    with pytest.raises(ValueError, match="got "):
        make_error_report(sources, OURS, REFERENCES, unknown_counts=unknown)
    with pytest.raises(ValueError, match="at least one"):
        make_error_report([], [], [])


def test_the_picture_has_a_chart_for_each_part_and_all_labels_inside(tmp_path):
    made = report(training_counts=count_words(TRAINING), unknown_counts=[0, 0, 0, 1])
    figure = plot_error_report(made, tmp_path / "new" / "errors.png")
    assert (tmp_path / "new" / "errors.png").read_bytes().startswith(b"\x89PNG")
    assert len(figure.axes) == 3 == len(made.parts())
    assert len(plot_error_report(report()).axes) == 1
    heights = [bar.get_height() for bar in figure.axes[0].containers[0]]
    assert heights == [bucket.chrf for bucket in made.by_length]
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        for text in (*axes.get_xticklabels(), axes.title, axes.yaxis.label):
            box = text.get_window_extent()
            assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text.get_text()
            assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text.get_text()


def test_the_worst_are_those_that_differ():
    made = report(worst=20)
    assert [row["line"] for row in made.worst] == [4, 2]  # the others equal their references
    perfect = make_error_report(SOURCES, REFERENCES, REFERENCES)
    assert perfect.worst == [] and "Every translation equals" in perfect.to_text()


def test_a_division_into_one_part_is_not_drawn():
    made = report(training_counts=count_words([]), unknown_counts=[0] * 4)
    assert [len(part) for part in made.parts().values()] == [2, 1, 1]
    figure = plot_error_report(made)
    assert len(figure.axes) == 1 and "length" in figure.axes[0].get_title("left")
    alone = make_error_report(SOURCES[:1], OURS[:1], REFERENCES[:1], unknown_counts=[0])
    assert len(plot_error_report(alone).axes) == 1  # nothing else is to be shown
    assert "By unknown tokens" in made.to_text()  # in figures, they are there


def test_bleu_of_short_texts_is_explained():
    short = make_error_report(["a b", "c d e"], ["x y", "c d e"], ["x y", "c d e"])
    assert short.by_length[0].bleu == 0 and not short.by_length[0].has_4_grams
    assert "0.0 *" in short.to_text() and SHORT_TEXTS in short.to_text()
    figure = plot_error_report(short)
    assert figure.get_supxlabel() == SHORT_TEXTS
    assert "0*" in {text.get_text() for text in figure.axes[0].texts}
    made = make_error_report(["a b c d", "a b c d e f"], ["w x y z", "o"], ["w x y z", "o"])
    assert [bucket.has_4_grams for bucket in made.by_length] == [True, False]
    long = make_error_report(["a"], ["w x y z"], ["w x y z"])
    assert "*" not in long.to_text() and plot_error_report(long).get_supxlabel() == ""
