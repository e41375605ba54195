"""A picture of formats: size against quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.evaluation.saved_figure import new_figure, saved
from keras_seq2seq.export.quantization.quantization_report import QuantizationReport

if TYPE_CHECKING:  # Matplotlib is loaded when something is drawn
    from matplotlib.figure import Figure

_LABELS = {"bleu": "BLEU", "exact_match": "exact match (%)"}


def plot_formats(report: QuantizationReport, path: FilePath | None = None) -> Figure:
    """Draws the score of each format over its size, how sure its loss is, and where the gate is.

    Bars are 95 % intervals of what a format loses, not of its score.

    Args:
        report: What to draw.
        path: File to write (.png, .svg, .pdf).

    Raises:
        ValueError: The file's format is unknown.

    Example: `plot_formats(QuantizationReport.read("ko_en.tflite"), "formats.png")`
    """
    figure = new_figure(path, 6.4, 4.2)
    axes = figure.add_subplot()
    plain = getattr(report.formats[0], report.metric)
    gate = plain - report.max_loss
    axes.axhline(gate, color="gray", linestyle=":", linewidth=1.2)
    axes.annotate(
        f"{plain:.2f} - {report.max_loss:g}",
        (1, gate),
        (-4, -4),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8,
        color="dimgray",
    )
    by_size = sorted(report.formats, key=lambda found: found.bytes)
    for place, found in enumerate(by_size):
        size, score = found.bytes / 1e6, getattr(found, report.metric)
        colour = "tab:blue" if found.passes else "tab:red"
        axes.errorbar(
            size,
            score,
            found.loss_confidence or None,
            fmt="o",
            color=colour,
            markersize=7,
            capsize=4,
        )
        if found.format == report.format:
            axes.plot(size, score, "o", color=colour, markersize=14, markerfacecolor="none")
        name = "float32" if found.format == "none" else found.format
        label = f"{name}\n{found.milliseconds:.1f} ms"
        # Above and below in turn: the smallest files lie close to each other.
        above, half = place % 2, found.loss_confidence or 0.0
        offset, side = ((0, 8), "bottom") if above else ((0, -8), "top")
        end = score + half if above else score - half  # of the bar
        axes.annotate(label, (size, end), offset, textcoords="offset points", ha="center", va=side)
    axes.set(xlabel="size of the file (MB)", ylabel=_LABELS[report.metric])
    axes.set_xlim(0, 1.12 * max(found.bytes for found in report.formats) / 1e6)
    axes.margins(y=0.35)
    axes.set_title(
        f"Formats on {report.sentences:,} validation pairs; the circle is chosen\n"
        "bars: 95 % of the loss against float32",
        fontsize=10,
    )
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return saved(figure, path)
