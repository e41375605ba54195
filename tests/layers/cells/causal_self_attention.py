"""Self-attention as a step layer: a cache of fixed shape in the place of a recurrent state."""

from keras import ops

from keras_seq2seq.layers import StepLayer
from keras_seq2seq.specs.configured import Configured


class CausalSelfAttention(Configured, StepLayer):
    """Each step attends to itself and those before it.

    The state is keys and values, [B, max_length, H] each, and how many there are, int32 [B].
    """

    def __init__(
        self, units, go_backwards=False, recurrent_dropout=0.0, use_cudnn="auto", **kwargs
    ):
        super().__init__(**kwargs)
        self.units = units
        self.go_backwards = go_backwards
        self.recurrent_dropout = recurrent_dropout
        self.use_cudnn = use_cudnn

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 3 * self.units), name="kernel")
        self.built = True

    def initial_state(self, batch, max_length):
        cache = ops.zeros((batch, max_length, self.units), dtype=self.compute_dtype)
        return [cache, cache, ops.zeros((batch,), dtype="int32")]

    def sequence(self, inputs, state=None, mask=None, training=None):
        batch, steps = ops.shape(inputs)[:2]
        state = self.initial_state(batch, steps) if state is None else state
        mask = ops.ones((batch, steps), dtype="bool") if mask is None else mask
        if self.go_backwards:
            inputs, mask = ops.flip(inputs, axis=1), ops.flip(mask, axis=1)
        return self._attend(inputs, state, mask)

    def step(self, inputs, state):
        real = ops.ones_like(inputs[:, :1], dtype="bool")
        outputs, state = self._attend(ops.expand_dims(inputs, axis=1), state, real)
        return outputs[:, 0], state

    def _attend(self, inputs, state, mask):
        keys, values, count = state
        kernel = ops.cast(self.kernel, inputs.dtype)
        query, key, value = ops.split(ops.matmul(inputs, kernel), 3, axis=-1)  # [B, T, H]
        real = ops.cast(mask, "int32")
        place = ops.expand_dims(count, axis=-1) + ops.cumsum(real, axis=1) - 1  # [B, T]
        slots = ops.arange(ops.shape(keys)[1], dtype="int32")  # [L]
        written = ops.equal(slots, ops.expand_dims(place, axis=-1))  # [B, T, L]
        written = ops.logical_and(written, ops.expand_dims(mask, axis=-1))
        written = ops.cast(written, keys.dtype)
        keys, values = (
            old + ops.einsum("btl,bth->blh", written, new)
            for old, new in ((keys, key), (values, value))
        )
        scores = ops.cast(ops.einsum("bth,blh->btl", query, keys), "float32")
        scores = ops.where(ops.expand_dims(place, axis=-1) >= slots, scores, -1e9)
        weights = ops.cast(ops.softmax(scores, axis=-1), values.dtype)
        count = count + ops.sum(real, axis=1)
        return ops.matmul(weights, values), [keys, values, ops.cast(count, "int32")]
