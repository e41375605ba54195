"""From the encoder's final state to the decoder's initial state."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.layers.kinds import BRIDGES
from keras_seq2seq.specs.configured import Configured, check_choice
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Bridge(Configured, keras.layers.Layer):
    """Makes the decoder's initial state of the encoder's final state (seed eq. 6: h0 = h_m).

    Decoder layer i starts from encoder layer i. A decoder with more layers starts the further
    ones from the encoder's top layer; one with fewer takes the encoder's topmost layers.

    Args:
        units: int. Width of the decoder's state.
        mode: `"concat"` joins the two directions (a single direction passes through unchanged),
            `"sum"` adds them, `"dense"` maps their concatenation to `units` through tanh,
            `"zero"` ignores the encoder; or the name of a subclass that `BRIDGES` knows.
        directions: int. 2 behind a bidirectional encoder, else 1.
        num_layers: int or `None`. Layers of the decoder; `None` means as many as the encoder's.

    Call arguments:
        state: the final state of a `RecurrentStack`: one list per layer, each tensor [B, H].

    Returns:
        One list per decoder layer, `[h, c]` (LSTM) or `[h]` (GRU), each [B, units].

    Raises:
        ValueError: if the mode is unknown, or gives another width than `units`.

    Example:

    >>> state = [[keras.ops.ones((2, 3))] * 4]  # one bidirectional LSTM layer
    >>> h, c = Bridge(units=6, directions=2)(state)[0]
    >>> h.shape
    TensorShape([2, 6])
    """

    def __init__(
        self,
        units: int,
        mode: str = "concat",
        directions: int = 1,
        num_layers: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        check_choice("Bridge", "mode", mode, BRIDGES)
        self.units = units
        self.mode = mode
        self.directions = directions
        self.num_layers = num_layers
        self.dense_layers: list[list[keras.layers.Dense]] = []

    def build(self, state_shape: Any) -> None:
        for layer in self._layers_to_start_from(state_shape):
            tensors, width = len(layer) // self.directions, layer[0][-1]
            joined = width * self.directions if self.mode in ("concat", "dense") else width
            if self.mode in ("concat", "sum") and joined != self.units:
                raise ValueError(
                    f"Bridge: mode={self.mode!r} turns {self.directions} direction(s) of {width} "
                    f"units into {joined}, but the decoder has {self.units}. Give the decoder "
                    f"{joined} units or use mode='dense'."
                )
            if self.mode == "dense":
                self.dense_layers.append([self._make_dense(joined) for _ in range(tensors)])
        self.built = True

    def _make_dense(self, width):
        layer = keras.layers.Dense(self.units, activation="tanh", dtype=self.dtype_policy)
        layer.build((None, width))
        return layer

    def call(self, state: list[list[Tensor]]) -> list[list[Tensor]]:
        layers = self._layers_to_start_from(state)
        return [self._bridge_layer(i, layer) for i, layer in enumerate(layers)]

    def _layers_to_start_from(self, state):
        """One encoder layer for each decoder layer."""
        wanted = self.num_layers or len(state)
        return (list(state) + [state[-1]] * (wanted - len(state)))[-wanted:]

    def _bridge_layer(self, index, tensors):
        count = len(tensors) // self.directions
        # [h_forward, c_forward, h_backward, c_backward] -> [(h_f, h_b), (c_f, c_b)]
        pairs = [tensors[i::count] for i in range(count)]
        if self.mode == "zero":
            return [ops.repeat(ops.zeros_like(p[0][:, :1]), self.units, axis=1) for p in pairs]
        if self.mode == "sum":
            return [sum(p[1:], start=p[0]) for p in pairs]
        joined = [p[0] if self.directions == 1 else ops.concatenate(p, axis=-1) for p in pairs]
        if self.mode == "concat":
            return joined
        return [d(j) for d, j in zip(self.dense_layers[index], joined, strict=True)]
