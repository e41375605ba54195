"""A table of the formats of a `.tflite` file."""

from typing import TYPE_CHECKING

from rich import box
from rich.table import Column, Table

from keras_seq2seq.export.quantization.metric_names import metric_label

if TYPE_CHECKING:
    from keras_seq2seq.export import QuantizationReport


def format_table(report: "QuantizationReport") -> Table:
    """What each format takes and gives; the chosen one is bold, those that lose too much red."""
    metric = metric_label(report.metric)
    points = metric if metric == "BLEU" else f"points of {metric}"
    bad = [found.format for found in report.formats if not found.passes]
    loses = f"; {' and '.join(bad)} {'loses' if len(bad) == 1 else 'lose'} too much" if bad else ""
    title = (
        f"Formats on {report.sentences:,} validation pairs; "
        f"at most {report.max_loss:g} {points} may be lost"
    )
    names = ("MB", "share", "gzip", "ms", "peak MB", "changed", "BLEU", "exact", "lost")
    columns = (Column(name, justify="right", no_wrap=True) for name in names)
    table = Table(
        Column("format", no_wrap=True),
        *columns,
        title=title,
        caption=f"The file has {_name(report.format)}{loses}.",  # logs have no colours
        box=box.SIMPLE,
        padding=0,  # terminals have 80 columns
        pad_edge=False,
    )
    whole = report.formats[0].bytes
    for found in report.formats:
        style = "bold" if found.format == report.format else "" if found.passes else "red"
        table.add_row(
            _name(found.format),
            f"{found.bytes / 1e6:.2f}",
            f"{100 * found.bytes / whole:.1f} %",
            f"{found.gzip_bytes / 1e6:.2f}",
            f"{found.milliseconds:.2f}",
            f"{found.peak_bytes / 1e6:.1f}",
            f"{found.tokens_changed:.2f} %",
            f"{found.bleu:.2f}",
            f"{found.exact_match:.2f}",
            found.loss_text(),
            style=style,
        )
    return table


def _name(format: str) -> str:
    return "float32" if format == "none" else format
