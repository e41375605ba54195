"""Options of recurrent layers."""

import dataclasses
from typing import ClassVar

from keras_seq2seq.layers.cells import CELLS
from keras_seq2seq.specs.option import option, rate
from keras_seq2seq.specs.spec import Spec


@dataclasses.dataclass(frozen=True)
class StackSpec(Spec):
    """Options of a `RecurrentStack`."""

    section: ClassVar[str] = "stack"

    cell: str = option("lstm", "The recurrent cell.", choices=CELLS)
    units: int = option(160, "Units H of the encoder, per direction.", minimum=1)
    num_layers: int = option(1, "Recurrent layers of the encoder, and of the decoder.", minimum=1)
    layer_norm: bool = option(False, "Whether the output of each recurrent layer is normalised.")
    residual: bool = option(
        False, "Whether each recurrent layer's input is added to its output, if equally wide."
    )
    dropout: float = rate(
        0.3,
        "Share of the activations dropped in training: of embeddings, between layers, of the "
        "encoder's outputs and of what the generator reads.",
    )
    recurrent_dropout: float = rate(
        0.0, "Of the recurrent state, one mask for all steps; such layers do without cuDNN."
    )
    variational_dropout: bool = option(
        False, "Whether dropout uses one mask for all steps of a sentence (not for attention)."
    )
