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

    Call arguments:
        hidden: float tensor [B, T, H].
        logits: bool. Return h W itself, before the softmax: what losses and searches read.

    Returns:
        float32 tensor [B, T, V], probabilities or logits.

    Raises:
        ValueError: if the tied embedding's shape does not fit H and V.

    Example:

    >>> probabilities = Generator(10)(keras.ops.ones((2, 3, 4)))
    >>> probabilities.shape
    TensorShape([2, 3, 10])
    """

    def __init__(self, vocabulary_size, embedding=None, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.embedding = embedding

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
        self.built = True

    def call(self, hidden, logits=False):
        if self.embedding is None:
            scores = ops.matmul(hidden, self.kernel)  # [B, T, V]
        else:
            table = ops.cast(self.embedding.embeddings, hidden.dtype)
            scores = ops.matmul(hidden, ops.transpose(table))  # [B, T, V]
        scores = ops.cast(scores, "float32")
        return scores if logits else ops.softmax(scores, axis=-1)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding": embedding_config(self.embedding),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**with_embedding(config))
