"""Luong attention over the encoder's memory."""

import keras
from keras import ops

from keras_seq2seq.layers.choices import check_choice

SCORES = ("dot", "general")


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Attention(keras.layers.Layer):
    """Global attention: each decoder step looks at every position of the memory.

    Steps: 1. keys [B, S, H] of the memory: itself (dot) or `W m` (general); 2. scores [B, T, S],
    the products of query and key; 3. softmax over S in float32, padded positions excluded;
    4. context [B, T, M], the memory averaged by these weights. The keys depend on the memory
    alone: a search computes them once with `keys` and hands them to every step.

    Args:
        score: `"dot"` (the query must be as wide as the memory) or `"general"`.

    Call arguments:
        query: float tensor [B, T, H], the decoder's hidden states.
        memory: float tensor [B, S, M], the encoder's outputs.
        padding_mask: bool tensor [B, S], true on real positions, or `None` if none is padded.
        keys: float tensor [B, S, H], what `keys` made of the memory; `None` computes them.

    Returns:
        context, float tensor [B, T, M], and weights, float32 tensor [B, T, S] whose last axis
        sums to 1.

    Raises:
        ValueError: for an unknown score, or `"dot"` over a memory of another width.

    Example:

    >>> attention = Attention("general")
    >>> context, weights = attention(keras.ops.ones((2, 3, 4)), keras.ops.ones((2, 5, 6)))
    >>> context.shape, weights.shape
    (TensorShape([2, 3, 6]), TensorShape([2, 3, 5]))

    Reference: [Luong et al., 2015](https://arxiv.org/abs/1508.04025), section 3.1.
    """

    def __init__(self, score="general", **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        check_choice("Attention", "score", score, SCORES)
        self.score = score

    def build(self, query_shape, memory_shape, padding_mask_shape=None, keys_shape=None):
        units, memory_dim = query_shape[-1], memory_shape[-1]
        if self.score == "general":
            self.kernel = self.add_weight(
                shape=(units, memory_dim), initializer="glorot_uniform", name="kernel"
            )
        elif units != memory_dim:
            raise ValueError(
                f"Attention: score='dot' multiplies the decoder's {units} units with a memory of "
                f"width {memory_dim}; make them equal or use score='general'."
            )
        self.built = True

    def keys(self, memory):
        """What the memory [B, S, M] is compared by, computed once for all queries: [B, S, H]."""
        if self.score == "dot":
            return memory
        kernel = ops.cast(self.kernel, memory.dtype)  # may be called outside of a layer's call
        return ops.matmul(memory, ops.transpose(kernel))

    def call(self, query, memory, padding_mask=None, keys=None):
        keys = self.keys(memory) if keys is None else keys
        scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))  # [B, T, S]
        scores = ops.cast(scores, "float32")
        if padding_mask is not None:
            scores = ops.where(ops.expand_dims(padding_mask, axis=1), scores, -1e9)
        weights = ops.softmax(scores, axis=-1)
        context = ops.matmul(ops.cast(weights, memory.dtype), memory)  # [B, T, M]
        return context, weights

    def get_config(self):
        return {**super().get_config(), "score": self.score}
