"""Options of an encoder."""

import dataclasses
from typing import ClassVar

from keras_seq2seq.layers.options.side_spec import SideSpec
from keras_seq2seq.specs.option import finer_rate, option


@dataclasses.dataclass(frozen=True)
class EncoderSpec(SideSpec):
    """Options of an `Encoder`."""

    section: ClassVar[str] = "encoder"

    bidirectional: bool = option(True, "Whether the encoder also reads backwards.")
    memory_dropout: float | None = finer_rate("Of the encoder's outputs.")

    @property
    def directions(self) -> int:
        """2 of a bidirectional encoder, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def memory_dim(self) -> int:
        """Width of the encoder's outputs: H, or 2H."""
        return self.units * self.directions
