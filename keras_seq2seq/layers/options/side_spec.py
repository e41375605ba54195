"""Options that encoder and decoder share."""

import dataclasses

from keras_seq2seq.layers.options.stack_spec import StackSpec
from keras_seq2seq.specs.option import finer_rate, option, rate


@dataclasses.dataclass(frozen=True)
class SideSpec(StackSpec):
    """Options of an encoder as well as of a decoder."""

    embedding_dim: int = option(256, "Width of the token embeddings.", minimum=1)
    embedding_dropout: float | None = finer_rate("Of embeddings.")
    layer_dropout: float | None = finer_rate("Between layers.")
    token_dropout: float = rate(0.0, "Share of the tokens whose whole embedding is dropped.")

    def rate_at(self, place: str) -> float:
        """The rate of dropout at a place, such as `"layer"`: its own, or that of `dropout`."""
        own = getattr(self, f"{place}_dropout")
        return self.dropout if own is None else own

    def stack(self, num_layers: int) -> StackSpec:
        """The options of so many recurrent layers."""
        return StackSpec.of(self, num_layers=num_layers, dropout=self.rate_at("layer"))
