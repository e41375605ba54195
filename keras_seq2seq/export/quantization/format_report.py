"""What one format of a `.tflite` file is worth."""

import dataclasses


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
