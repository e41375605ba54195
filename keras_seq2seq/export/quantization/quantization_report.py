"""How formats of the same model compare."""

import dataclasses
from typing import Any

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.manifest import manifest_path, read_manifest
from keras_seq2seq.export.quantization.format_names import NONE
from keras_seq2seq.export.quantization.format_report import FormatReport
from keras_seq2seq.export.quantization.metric_names import metric_label

_MOST_PAIRS = 1_000_000  # that anyone has to judge on


@dataclasses.dataclass(frozen=True)
class QuantizationReport:
    """The formats of a `.tflite` file that were compared, and which one it has.

    Attributes:
        format: What was chosen.
        metric: `bleu` or `exact_match`.
        max_loss: Most that the metric may fall below that of the float32 file.
        sentences: On how many it was measured.
        signature: Of BLEU, as sacreBLEU prints it.
        formats: What was measured, in the order of `FORMATS`.
        refused: Formats that could not be had, and why.

    Example:

    ```python
    report = QuantizationReport.read("ko_en.tflite")
    print(report.format, [(f.format, f.bytes, f.loss) for f in report.formats])
    ```
    """

    format: str
    metric: str
    max_loss: float
    sentences: int
    signature: str
    formats: list[FormatReport]
    refused: dict[str, str]

    @classmethod
    def read(cls, file: FilePath) -> "QuantizationReport":
        """The report in the manifest of a `.tflite` file.

        Raises:
            ExportError: there is none.
        """
        found = read_manifest(manifest_path(file)).get("quantization", {})
        if "formats" not in found:
            raise ExportError(
                f"{file} was exported without a comparison of formats: export it with "
                'quantize="auto" and validation pairs.'
            )
        return cls(**{**found, "formats": [FormatReport(**f) for f in found["formats"]]})

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return dataclasses.asdict(self)

    def of(self, name: str) -> FormatReport:
        """What was measured of one format."""
        return next(found for found in self.formats if found.format == name)

    def doubt(self) -> str | None:
        """A sentence if the chosen format may lose more than allowed for all that is known.

        It tells how many pairs would be enough if the loss stayed as measured: an interval is
        half as wide with four times as many.
        """
        found = self.of(self.format)
        spare, off = self.max_loss - found.loss, found.loss_confidence or 0.0
        if self.format == NONE or off <= spare:
            return None
        ratio = off / spare if spare > 0 else float("inf")
        needed = self.sentences * ratio**2
        enough = "it is too near to the bound for any number of pairs to tell"
        if needed <= _MOST_PAIRS:
            enough = f"about {float(f'{needed:.1e}'):,.0f} would tell"
        return (
            f"{self.format} passes, but {self.sentences:,} pairs are too few to be sure: it loses "
            f"{found.loss_text()} {metric_label(self.metric)}, and {self.max_loss:g} may be lost; "
            f"{enough}."
        )
