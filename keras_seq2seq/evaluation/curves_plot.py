"""A picture of how runs went."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.evaluation.fonts import readable
from keras_seq2seq.evaluation.run_curves import RunCurves
from keras_seq2seq.evaluation.saved_figure import new_figure, saved

if TYPE_CHECKING:  # Matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Columns of metrics.csv, in the order of their charts, and what their axes say.
_AXES = {
    "loss": "loss (nats a token)",
    "perplexity": "perplexity (log scale)",
    "token_accuracy": "token accuracy",
    "bleu": "BLEU",
    "chrf": "chrF",
    "learning_rate": "learning rate",
    "gradient_norm": "gradient norm",
    "tokens_per_s": "target tokens a second",
}
_CHARTS_IN_A_ROW = 3
_TRAIN: dict[str, Any] = {"linestyle": "--", "alpha": 0.75, "linewidth": 1.3}
_VALID: dict[str, Any] = {"linestyle": "-", "linewidth": 1.8}


def plot_curves(
    runs: Sequence[RunCurves], path: FilePath | None = None, monitor: str = "val_loss"
) -> Figure:
    """Draws the curves of one run, or of several in the same charts.

    One chart for each figure, with training dashed and validation drawn through; the best epoch
    is marked. Of several runs each has a colour.

    Args:
        runs: What to draw.
        path: File to write (.png, .svg, .pdf).
        monitor: The column that says which epoch was best.

    Raises:
        ValueError: There is no run, no figure in any, or the file's format is unknown.

    Example: `plot_curves([RunCurves.read("runs/a"), RunCurves.read("runs/b")], "curves.png")`
    """
    found = {column.removeprefix("val_") for run in runs for column in run.columns}
    charts = [name for name in _AXES if name in found] + sorted(found - set(_AXES))
    if not charts:
        raise ValueError("plot_curves: there is nothing to draw: no run has a figure.")
    across = min(_CHARTS_IN_A_ROW, len(charts))
    down = math.ceil(len(charts) / across)
    names, fonts = readable([run.name for run in runs])
    figure = new_figure(path, 1 + 4.2 * across, 1.3 + 2.9 * down)
    grid = figure.subplots(down, across, squeeze=False).flatten()
    for axes, chart in itertools.zip_longest(grid, charts):
        _draw(axes, chart, runs, monitor) if chart else axes.set_axis_off()
    title = names[0] if len(runs) == 1 else f"{len(runs)} runs"
    figure.suptitle(title, fontfamily=fonts, parse_math=False)
    handles = _legend(runs, names, monitor)
    columns = min(len(handles), 4)
    legend = figure.legend(handles=handles, loc="outside lower center", ncols=columns)
    for text in legend.get_texts():  # a $ in a name is no formula
        text.set(fontfamily=fonts, parse_math=False)
    return saved(figure, path)


def _colours(runs: Sequence[RunCurves]) -> list[tuple[str, str]]:
    """(colour of training, of validation) for each run: two for one, one each for several."""
    several = [(f"C{number}", f"C{number}") for number in range(len(runs))]
    return several if len(runs) > 1 else [("tab:blue", "tab:orange")]


def _draw(axes: Axes, chart: str, runs: Sequence[RunCurves], monitor: str) -> None:
    from matplotlib import ticker

    for run, (train, valid) in zip(runs, _colours(runs), strict=True):
        dots: dict[str, Any] = {"marker": "."} if len(run.epochs) < 30 else {}
        best = run.best_epoch(monitor)
        curves = [(chart, train, _TRAIN), (f"val_{chart}", valid, _VALID)]
        if f"val_{chart}" not in run.columns:  # there is one curve: nothing to tell apart
            curves = [(chart, train, _VALID)]
        for column, colour, style in curves:
            if column not in run.columns:
                continue
            figures = run.columns[column]
            axes.plot(run.epochs, figures, color=colour, **style, **dots)
            if best is not None and style is _VALID:
                figure = figures[run.epochs.index(best)]
                axes.plot(best, figure, "o", color=colour, markersize=8, markerfacecolor="none")
        if best is not None:
            axes.axvline(best, color="gray" if len(runs) == 1 else valid, linestyle=":", alpha=0.7)
    label = _AXES.get(chart, chart.replace("_", " "))
    axes.set_title(label.partition(" (")[0], fontsize=11)
    axes.set(xlabel="epoch", ylabel=label)
    if chart == "perplexity":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5), numticks=12))
        axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    axes.xaxis.set_major_locator(ticker.MaxNLocator("auto", integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(runs: Sequence[RunCurves], names: list[str], monitor: str) -> list[Line2D]:
    from matplotlib.lines import Line2D

    handle = functools.partial(Line2D, [], [])
    colours = _colours(runs)
    bests = [run.best_epoch(monitor) for run in runs]
    train, valid = colours[0] if len(runs) == 1 else ("black", "black")
    handles = []
    if any(column.startswith("val_") for run in runs for column in run.columns):
        handles += [handle(label="training", color=train, **_TRAIN)]
        handles += [handle(label="validation", color=valid, **_VALID)]
    if len(runs) > 1:
        for name, (colour, _), best in zip(names, colours, bests, strict=True):
            note = "" if best is None else f" (best: epoch {best})"
            handles.append(handle(label=name + note, color=colour, linewidth=3))
    elif bests[0] is not None:
        style: dict[str, Any] = {"color": "gray", "linestyle": ":", "marker": "o"}
        label = f"best epoch: {bests[0]} ({monitor})"
        handles.append(handle(label=label, markerfacecolor="none", **style))
    return handles or [handle(label=names[0], color="tab:orange")]
