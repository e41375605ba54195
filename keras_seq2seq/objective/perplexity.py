"""Perplexity of target tokens."""

import keras
from keras import ops

from keras_seq2seq.objective.sequence_crossentropy import (
    token_negative_log_likelihood,
    token_weights,
)


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Perplexity(keras.metrics.Mean):
    """exp of the mean -log p of all real target tokens seen; label smoothing plays no part.

    Args:
        ignore_id: int. Target id that does not count: PAD.

    Example:

    >>> perplexity = Perplexity()
    >>> perplexity.update_state(keras.ops.array([[3, 0]]), keras.ops.zeros((1, 2, 8)))
    >>> round(float(perplexity.result()), 4)
    8.0
    """

    def __init__(self, ignore_id=0, name="perplexity", **kwargs):
        super().__init__(name=name, **kwargs)
        self.ignore_id = ignore_id

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds targets [B, T] and logits [B, T, V]; weight [B, T] or `None`."""
        weight = token_weights(y_true, sample_weight, self.ignore_id)
        loss = token_negative_log_likelihood(y_true, y_pred)
        # Flat, or Keras would take the mean of each sentence first, its padding included.
        super().update_state(ops.reshape(loss, (-1,)), sample_weight=ops.reshape(weight, (-1,)))

    def result(self):
        return ops.exp(super().result())

    def get_config(self):
        return {**super().get_config(), "ignore_id": self.ignore_id}
