"""LSTM."""

from typing import Any

import keras

from keras_seq2seq.fast_paths.fast_path import fast_path
from keras_seq2seq.layers.cells.keras_cell import KerasCell
from keras_seq2seq.layers.cells.step_layer import State
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class LSTM(KerasCell, keras.layers.LSTM):
    """`keras.layers.LSTM` as a `StepLayer`; its state is [h, c].

    Reference: [Hochreiter and Schmidhuber, 1997](https://doi.org/10.1162/neco.1997.9.8.1735).
    """

    def sequence(
        self, inputs: Tensor, state: Any = None, mask: Tensor = None, training: bool | None = None
    ) -> tuple[Tensor, State]:
        if not training:
            return super().sequence(inputs, state, mask, training)
        outputs, *state = lstm_sequence(self, inputs, state, mask)
        return outputs, state


@fast_path("tensorflow_lstm")
def lstm_sequence(
    layer: keras.layers.LSTM, inputs: Tensor, initial_state: Any = None, mask: Tensor = None
) -> tuple[Tensor, ...]:
    """A whole sequence in training: outputs [B, T, H], h and c, each [B, H]."""
    return tuple(layer(inputs, initial_state=initial_state, mask=mask, training=True))
