"""What one format of a `.tflite` file is worth."""

import dataclasses

from keras_seq2seq.export.quantization.format_names import NONE


@dataclasses.dataclass(frozen=True)
class FormatReport:
    """What a format was measured to take and to give, on the same sentences as the others.

    Attributes:
        format: `none`, `float16`, `int8`, `mixed` or `int4`.
        bytes, gzip_bytes: Size of the file, and as web servers send it.
        milliseconds: Median time of one CPU for a sentence, with one thread.
        peak_bytes: Most memory beyond that of Python and LiteRT themselves.
        tokens_changed: Percentage of the float32 file's tokens to change to get this one's.
        bleu, exact_match: Scores, 0 to 100.
        loss: How much less than that of the float32 file the score is which the gate looks at.
        passes: Whether that is no more than allowed.
        loss_confidence: Half of the 95 % interval of the loss, by paired bootstrap; `None` in files
            of earlier versions. It knows the sentences that were judged alone: where no text
            changed it is 0, however few they were.
    """

    format: str
    bytes: int
    gzip_bytes: int
    milliseconds: float
    peak_bytes: int
    tokens_changed: float
    bleu: float
    exact_match: float
    loss: float
    passes: bool
    loss_confidence: float | None = None

    def loss_text(self) -> str:
        """The loss and how sure it is, as `0.12 ± 0.20`."""
        if self.loss_confidence is None or self.format == NONE:
            return f"{self.loss:.2f}"
        return f"{self.loss:.2f} ± {self.loss_confidence:.2f}"
