"""A picture of an error report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.evaluation.error_bucket import ErrorBucket
from keras_seq2seq.evaluation.error_report import SHORT_TEXTS, ErrorReport
from keras_seq2seq.evaluation.saved_figure import new_figure, saved

if TYPE_CHECKING:  # Matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR = 0.38
_METRICS = (("chrf", "chrF", "tab:blue", -_BAR / 2), ("bleu", "BLEU", "tab:orange", _BAR / 2))


def plot_error_report(report: ErrorReport, path: FilePath | None = None) -> Figure:
    """Draws the scores of an `ErrorReport`, one chart for each division into several parts.

    Args:
        report: What to draw.
        path: File to write (.png, .svg, .pdf).

    Raises:
        ValueError: The file's format is unknown.

    Example: `plot_error_report(make_error_report(sources, ours, references), "errors.png")`
    """
    parts = report.parts()
    # What is in one part shows nothing but the scores of all: once is enough.
    parts = {t: b for t, b in parts.items() if len(b) > 1} or dict(list(parts.items())[:1])
    figure = new_figure(path, 8, 0.8 + 2.9 * len(parts))
    figure.suptitle(f"Scores of {report.sentences:,} sentences, in parts")
    charts = figure.subplots(len(parts), 1, squeeze=False)[:, 0]
    for axes, (title, buckets) in zip(charts, parts.items(), strict=True):
        _draw(axes, title, buckets)
    if any(not bucket.has_4_grams for part in parts.values() for bucket in part):
        figure.supxlabel(SHORT_TEXTS, fontsize=8)
    return saved(figure, path)


def _draw(axes: Axes, title: str, buckets: list[ErrorBucket]) -> None:
    places = range(len(buckets))
    for name, label, colour, shift in _METRICS:
        heights = [getattr(bucket, name) for bucket in buckets]
        bars = axes.bar([p + shift for p in places], heights, _BAR, label=label, color=colour)
        notes = ["*" if name == "bleu" and not bucket.has_4_grams else "" for bucket in buckets]
        figures = [f"{height:.0f}{note}" for height, note in zip(heights, notes, strict=True)]
        axes.bar_label(bars, figures, padding=2, fontsize=8)
    axes.set_xticks(places, [f"{bucket.label}\n({bucket.sentences:,})" for bucket in buckets])
    axes.set_xlim(-0.6, max(len(buckets), 4) - 0.4)  # a lone bar does not fill the chart
    axes.set_ylim(0, 109)  # room for the figures above the bars
    axes.set(yticks=range(0, 101, 20), ylabel="score", axisbelow=True)
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
