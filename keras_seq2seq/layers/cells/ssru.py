"""Simpler simple recurrent unit."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.fast_paths.fast_path import fast_path
from keras_seq2seq.layers.cells.step_layer import State, StepLayer
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class SSRU(Configured, StepLayer):
    """A gated mean of projected inputs: f = sigmoid(Wf x + b), c = f c + (1 - f) W x, h = relu(c).

    No product waits for the step before, so that both are made for all steps at once and what is
    left for the steps is a scan of sums. Its state is [c], float32 within a sequence.

    Args:
        units: int. H.
        go_backwards: bool. See `StepLayer`.
        recurrent_dropout: float. Must be 0: there is no recurrent product to drop from.
        use_cudnn: any. Of no effect.

    Call arguments:
        inputs: float tensor [B, T, E].
        initial_state: `[c]`, [B, H], or `None`.
        mask: bool tensor [B, T], true on real steps, or `None`.

    Returns:
        outputs, float tensor [B, T, H], and c, [B, H].

    Raises:
        ValueError: for a recurrent_dropout.

    Reference: [Kim et al., 2019](https://aclanthology.org/D19-5632), section 3.1.
    """

    def __init__(
        self,
        units: int,
        go_backwards: bool = False,
        recurrent_dropout: float = 0.0,
        use_cudnn: bool | str = "auto",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if recurrent_dropout:
            raise ValueError(
                f"SSRU: recurrent_dropout={recurrent_dropout}, but there is no recurrent product "
                "to drop from; set it to 0 or choose another cell."
            )
        self.units = units
        self.go_backwards = go_backwards
        self.recurrent_dropout = recurrent_dropout
        self.use_cudnn = use_cudnn

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1], 2 * self.units)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="ones", name="bias")
        self.built = True

    def initial_state(self, batch: Any, max_length: int) -> State:
        return [ops.zeros((batch, self.units), dtype=self.compute_dtype)]

    def sequence(
        self, inputs: Tensor, state: Any = None, mask: Tensor = None, training: bool | None = None
    ) -> tuple[Tensor, State]:
        outputs, c = self(inputs, initial_state=state, mask=mask)
        return outputs, [c]

    def call(
        self, inputs: Tensor, initial_state: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        forget, new = self._gates(inputs)  # [B, T, H]
        if mask is not None:
            real = ops.expand_dims(mask, axis=-1)
            forget, new = ops.where(real, forget, 1.0), ops.where(real, new, 0.0)
        forget, new = (ops.transpose(x, (1, 0, 2)) for x in (forget, new))  # [T, B, H]
        if self.go_backwards:
            forget, new = ops.flip(forget, axis=0), ops.flip(new, axis=0)
        if initial_state is None:
            start = ops.zeros_like(new[0])
        else:
            start = ops.cast(initial_state[0], "float32")
        states = gated_scan(forget, new, start)  # [T, B, H]
        outputs = ops.transpose(ops.relu(states), (1, 0, 2))  # [B, T, H]
        return ops.cast(outputs, self.compute_dtype), ops.cast(states[-1], self.compute_dtype)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        forget, new = self._gates(inputs)
        c = forget * ops.cast(state[0], "float32") + new
        c = ops.cast(c, self.compute_dtype)
        return ops.relu(c), [c]

    def _gates(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """f and (1 - f) W x, both float32."""
        kernel = ops.cast(self.kernel, inputs.dtype)  # may be called outside of a layer's call
        forget, new = ops.split(ops.cast(ops.matmul(inputs, kernel), "float32"), 2, axis=-1)
        forget = ops.sigmoid(forget + ops.cast(self.bias, "float32"))
        return forget, (1.0 - forget) * new


@fast_path("tensorflow_scan")
def gated_scan(forget: Tensor, new: Tensor, start: Tensor) -> Tensor:
    """c = f c + z, step by step: float32 f and z [T, B, H], first c [B, H] -> all c [T, B, H]."""

    def keep(c: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
        forget, new = ops.split(gates, 2, axis=-1)
        c = forget * c + new
        return c, c

    # One tensor: with two, Keras's scan wants to know T beforehand.
    return ops.scan(keep, start, ops.concatenate([forget, new], axis=-1))[1]
