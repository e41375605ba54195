"""Luong's and Bahdanau's attention over the encoder's memory."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.layers.kinds import ATTENTIONS
from keras_seq2seq.specs.configured import Configured, check_choice
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Attention(Configured, keras.layers.Layer):
    """Global attention: each decoder step looks at every position of the memory.

    Steps: 1. keys of the memory: itself (dot) or `W m` (general, additive); 2. scores
    [B, T, S] of query q and key k: `q k` (dot, general), `q k / sqrt(H)` (scaled_dot) or
    `v tanh(W2 q + k)` (additive); 3. softmax over S in float32, padded positions excluded;
    4. context [B, T, M], the memory averaged by these weights. The keys depend on the memory
    alone: a search computes them once with `keys` and hands them to every step.

    With N heads, keys, queries and memory are cut into N parts of equal width; each part has
    weights of its own, and the N contexts stand beside each other again.

    Args:
        score: `"dot"` or `"scaled_dot"` (the query must be as wide as the memory), `"general"` or
            `"additive"`; or the name of a subclass that `ATTENTIONS` knows.
        num_heads: int. N, a divisor of H and M.
        dropout: float in [0, 1), on the weights behind the softmax.

    Call arguments:
        query: float tensor [B, T, H], the decoder's hidden states.
        memory: float tensor [B, S, M], the encoder's outputs.
        padding_mask: bool tensor [B, S], true on real positions, or `None` if none is padded.
        keys: float tensor, what `keys` made of the memory; `None` computes them.
        training: bool.

    Returns:
        context, float tensor [B, T, M], and weights, float32 tensor [B, T, S] whose last axis
        sums to 1: the mean of the heads, before dropout.

    Raises:
        ValueError: for an unknown score, a dot product with a memory of another width, or heads
            that do not divide the widths.

    Example:

    >>> attention = Attention("general")
    >>> context, weights = attention(keras.ops.ones((2, 3, 4)), keras.ops.ones((2, 5, 6)))
    >>> context.shape, weights.shape
    (TensorShape([2, 3, 6]), TensorShape([2, 3, 5]))

    References: [Luong et al., 2015](https://arxiv.org/abs/1508.04025), section 3.1 (dot,
    general); [Bahdanau et al., 2015](https://arxiv.org/abs/1409.0473), section A.1.2 (additive);
    [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 3.2 (scale and heads).
    """

    def __init__(
        self, score: str = "general", num_heads: int = 1, dropout: float = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        check_choice("Attention", "score", score, ATTENTIONS)
        self.score = score
        self.num_heads = num_heads
        self.dropout = dropout
        self.dropout_layer = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(
        self,
        query_shape: Any,
        memory_shape: Any,
        padding_mask_shape: Any = None,
        keys_shape: Any = None,
    ) -> None:
        units, memory_dim = query_shape[-1], memory_shape[-1]
        if self.num_heads < 1 or units % self.num_heads or memory_dim % self.num_heads:
            raise ValueError(
                f"Attention: num_heads={self.num_heads} must divide the decoder's {units} units "
                f"and the memory's width {memory_dim}."
            )
        if self.score in ("general", "additive"):
            self.kernel = self.add_weight((units, memory_dim), name="kernel")
        elif units != memory_dim:
            raise ValueError(
                f"Attention: score={self.score!r} multiplies the decoder's {units} units with a "
                f"memory of width {memory_dim}; make them equal or use score='general'."
            )
        if self.score == "additive":
            self.query_kernel = self.add_weight((units, units), name="query_kernel")
            self.vector = self.add_weight((units, 1), name="vector")
        self.built = True

    def keys(self, memory: Tensor) -> Tensor:
        """What the memory [B, S, M] is compared by, computed once for all queries.

        It is [B, H, S], turned for products: a step of decoding is too short to turn it each time.
        For the additive score it is [B, S, H].
        """
        if self.score in ("dot", "scaled_dot"):
            return ops.swapaxes(memory, 1, 2)
        kernel = ops.cast(self.kernel, memory.dtype)  # may be called outside of a layer's call
        keys = ops.matmul(memory, ops.transpose(kernel))  # [B, S, H]
        return keys if self.score == "additive" else ops.swapaxes(keys, 1, 2)

    def call(
        self,
        query: Tensor,
        memory: Tensor,
        padding_mask: Tensor | None = None,
        keys: Tensor | None = None,
        training: bool | None = None,
    ) -> tuple[Tensor, Tensor]:
        keys = self.keys(memory) if keys is None else keys
        if self.score == "additive":
            query = ops.matmul(query, self.query_kernel)
        values = self._split_heads(memory)  # [B, S, M], or [B, N, S, M / N]
        split_keys = self._split_heads if self.score == "additive" else self._split_turned
        scores = self._compare(self._split_heads(query), split_keys(keys))
        scores = ops.cast(scores, "float32")  # [B, T, S], or [B, N, T, S]
        if padding_mask is not None:
            axes = 1 if self.num_heads == 1 else (1, 2)
            scores = ops.where(ops.expand_dims(padding_mask, axis=axes), scores, -1e9)
        weights = ops.softmax(scores, axis=-1)
        dropped = self.dropout_layer(ops.cast(weights, memory.dtype), training=training)
        context = self._join_heads(ops.matmul(dropped, values))  # [B, T, M]
        return context, weights if self.num_heads == 1 else ops.mean(weights, axis=1)

    def _compare(self, query, keys):
        """Scores [..., T, S] of queries [..., T, D] and keys [..., D, S], additive [..., S, D]."""
        if self.score == "additive":
            pairs = ops.expand_dims(query, axis=-2) + ops.expand_dims(keys, axis=-3)
            vector = self.vector  # [D, 1], or one for each head
            if self.num_heads > 1:
                vector = ops.reshape(vector, (self.num_heads, 1, -1, 1))
            return ops.matmul(ops.tanh(pairs), vector)[..., 0]  # [..., T, S, D] -> [..., T, S]
        if self.score == "scaled_dot":
            query = query * query.shape[-1] ** -0.5
        return ops.matmul(query, keys)

    def _split_heads(self, inputs):
        if self.num_heads == 1:
            return inputs
        batch, length, width = ops.shape(inputs)
        parts = (batch, length, self.num_heads, width // self.num_heads)
        return ops.transpose(ops.reshape(inputs, parts), (0, 2, 1, 3))  # [B, N, L, D / N]

    def _split_turned(self, keys):
        if self.num_heads == 1:
            return keys
        batch, width, length = ops.shape(keys)
        parts = (batch, self.num_heads, width // self.num_heads, length)
        return ops.reshape(keys, parts)  # [B, N, D / N, L]

    def _join_heads(self, inputs):
        if self.num_heads == 1:
            return inputs
        batch, heads, length, width = ops.shape(inputs)
        inputs = ops.transpose(inputs, (0, 2, 1, 3))  # [B, N, T, M / N] -> [B, T, N, M / N]
        return ops.reshape(inputs, (batch, length, heads * width))
