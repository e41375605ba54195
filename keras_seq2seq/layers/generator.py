"""From a hidden state to probabilities over the vocabulary."""

import keras
from keras import ops

from keras_seq2seq.layers.embedding import embedding_config, with_embedding


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Generator(keras.layers.Layer):
    """softmax(h W) over the target vocabulary (seed eq. 9), in float32 under any dtype policy.

    Args:
        vocabulary_size: int. V.
        embedding: a `keras.layers.Embedding` [V, H] whose transpose serves as W, or `None` for
            a W [H, V] of its own.
        fixed_norm: float or `None`. r: h and each token's vector w are brought to this norm, and
            a bias is added: softmax(r^2 cos(h, w) + b). Else frequent tokens win by their length
            alone (Nguyen and Chiang, 2018, https://arxiv.org/abs/1710.01329, section 4).

    Call arguments:
        hidden: float tensor [B, T, H].
        logits: bool. Return h W itself, before the softmax: what losses and searches read.
        norms: what `token_norms` returned, for a loop that calls once for each token; or `None`.

    Returns:
        float32 tensor [B, T, V], probabilities or logits.

    Raises:
        ValueError: if the tied embedding's shape does not fit H and V, or for a fixed_norm that
            is not positive.

    Example:

    >>> probabilities = Generator(10)(keras.ops.ones((2, 3, 4)))
    >>> probabilities.shape
    TensorShape([2, 3, 10])
    """

    def __init__(self, vocabulary_size, embedding=None, fixed_norm=None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # the norms shall stay float32
        if fixed_norm is not None and not fixed_norm > 0:
            raise ValueError(
                f"Generator: fixed_norm must be above 0, or None for free norms, got {fixed_norm}."
            )
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.embedding = embedding
        self.fixed_norm = fixed_norm

    def build(self, hidden_shape):
        units = hidden_shape[-1]
        if self.embedding is None:
            self.kernel = self.add_weight(
                shape=(units, self.vocabulary_size), initializer="glorot_uniform", name="kernel"
            )
        elif (self.embedding.input_dim, self.embedding.output_dim) != (self.vocabulary_size, units):
            raise ValueError(
                f"Generator: the tied embedding is [{self.embedding.input_dim}, "
                f"{self.embedding.output_dim}], but vocabulary and hidden state need "
                f"[{self.vocabulary_size}, {units}]."
            )
        if self.fixed_norm is not None:
            self.bias = self.add_weight(
                shape=(self.vocabulary_size,), initializer="zeros", name="bias"
            )
        self.built = True

    def token_norms(self):
        """|w| / r of each token, float32 [V, 1], or [1, V] of an own W; `None` without a norm.

        A step of a search then divides V scores, and not V vectors.
        """
        if self.fixed_norm is None:
            return None
        if self.embedding is None:
            return self._relative_norm(self.kernel, axis=0)
        return self._relative_norm(self.embedding.embeddings, axis=1)

    def call(self, hidden, logits=False, norms=None):
        tied = self.embedding is not None
        kernel = self.embedding.embeddings if tied else self.kernel
        if self.fixed_norm is not None:
            hidden = ops.divide(hidden, self._relative_norm(hidden, axis=-1))  # float32
            if norms is None:
                kernel = ops.divide(kernel, self.token_norms())
        hidden = ops.cast(hidden, self.compute_dtype)
        kernel = ops.cast(kernel, self.compute_dtype)
        scores = ops.matmul(hidden, ops.transpose(kernel) if tied else kernel)  # [B, T, V]
        scores = ops.cast(scores, "float32")
        if norms is not None:
            # The bound is never met; without it TFLite divides a second copy of the kernel.
            scores = ops.maximum(scores, -1e30) / ops.reshape(norms, (-1,))
        if self.fixed_norm is not None:
            scores = scores + ops.cast(self.bias, "float32")
        return scores if logits else ops.softmax(scores, axis=-1)

    def _relative_norm(self, vectors, axis):
        """|v| / r, float32, with 1 in the place of `axis`."""
        vectors = ops.cast(vectors, "float32")
        squares = ops.sum(vectors * vectors, axis=axis, keepdims=True)
        return ops.sqrt(squares + 1e-6) / self.fixed_norm

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding": embedding_config(self.embedding),
            "fixed_norm": self.fixed_norm,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**with_embedding(config))
