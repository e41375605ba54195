import math

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from keras_seq2seq.evaluation import RunCurves, plot_curves

FIRST = RunCurves(
    "first",
    [1, 2, 3],
    {
        "loss": [4.0, 3.0, 2.0],
        "val_loss": [4.5, 3.5, 3.7],
        "perplexity": [50.0, 20.0, 9.0],
        "val_perplexity": [80.0, 30.0, 40.0],
        "val_bleu": [math.nan, 10.0, 12.0],
        "learning_rate": [1e-3, 2e-3, 1e-3],
        "something_else": [1.0, 2.0, 3.0],
    },
)
SECOND = RunCurves("second", [1, 2, 3, 4], {"loss": [5.0, 4, 3, 2], "val_loss": [5.0, 4, 3, 3.5]})


def charts(figure):
    return {axes.get_title(): axes for axes in figure.axes if axes.axison}


def curves_of(axes):
    """Lines with more than the one point of the mark, and than the rule at the best epoch."""
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_training_and_validation_share_a_chart():
    found = charts(plot_curves([FIRST]))
    assert list(found) == ["loss", "perplexity", "BLEU", "learning rate", "something else"]
    train, valid = curves_of(found["loss"])
    assert list(train.get_ydata()) == [4, 3, 2] and list(valid.get_ydata()) == [4.5, 3.5, 3.7]
    assert train.get_linestyle() == "--" and valid.get_linestyle() == "-"
    assert found["loss"].get_xlabel() == "epoch" and "nats" in found["loss"].get_ylabel()
    assert found["perplexity"].get_yscale() == "log"
    assert len(curves_of(found["BLEU"])) == 1


@pytest.mark.parametrize(("monitor", "epoch", "loss"), [("val_loss", 2, 3.5), ("val_bleu", 3, 3.7)])
def test_the_best_epoch_is_marked(monitor, epoch, loss):
    figure = plot_curves([FIRST], monitor=monitor)
    marks = [line for line in charts(figure)["loss"].lines if line.get_marker() == "o"]
    assert [(list(m.get_xdata()), list(m.get_ydata())) for m in marks] == [([epoch], [loss])]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["training", "validation", f"best epoch: {epoch} ({monitor})"]


def test_several_runs_have_a_colour_each():
    figure = plot_curves([FIRST, SECOND])
    lines = curves_of(charts(figure)["loss"])
    assert len(lines) == 4
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[2:] == ["first (best: epoch 2)", "second (best: epoch 3)"]


def test_one_epoch_and_a_run_without_validation_are_drawn(tmp_path):
    for columns in ({"loss": [3.0]}, {"loss": [3.0], "val_loss": [math.nan]}):
        plot_curves([RunCurves("short", [1], columns)], tmp_path / "short.png")
    assert (tmp_path / "short.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("epochs", [1, 2, 5, 60])
def test_epochs_are_whole_numbers(epochs):
    run = RunCurves("run", list(range(1, epochs + 1)), {"loss": [3.0] * epochs})
    axes = charts(plot_curves([run]))["loss"]
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks and all(tick == int(tick) for tick in ticks)


def test_every_label_lies_inside_the_picture():
    long = RunCurves("a run with a name that is rather long " * 2, FIRST.epochs, FIRST.columns)
    figure = plot_curves([long, SECOND])
    FigureCanvasAgg(figure).draw()
    texts = [a.title for a in figure.axes] + [a.yaxis.label for a in figure.axes]
    for text in (*texts, *figure.legends[0].get_texts()):
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text.get_text()
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text.get_text()


def test_without_figures_it_says_so():
    for runs in ([], [RunCurves("empty", [1], {})]):
        with pytest.raises(ValueError, match="nothing to draw"):
            plot_curves(runs)
