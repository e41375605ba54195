"""Keras's own recurrent layers as step layers."""

from typing import Any

from keras import ops, tree

from keras_seq2seq.layers.cells.step_layer import State, StepLayer
from keras_seq2seq.tensors import Tensor


class KerasCell(StepLayer):
    """Mixed in before `keras.layers.LSTM` or `GRU`, whose fused sequences and cell it offers."""

    cell: Any

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(units, **{**kwargs, "return_sequences": True, "return_state": True})

    def initial_state(self, batch: Any, max_length: int) -> State:
        sizes = tree.flatten(self.cell.state_size)
        return [ops.zeros((batch, size), dtype=self.compute_dtype) for size in sizes]

    def sequence(
        self, inputs: Tensor, state: Any = None, mask: Tensor = None, training: bool | None = None
    ) -> tuple[Tensor, State]:
        outputs, *state = self(inputs, initial_state=state, mask=mask, training=training)
        return outputs, state

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        output, state = self.cell(inputs, list(state), training=False)
        return output, list(state) if isinstance(state, (list, tuple)) else [state]
