"""Perplexity of target tokens."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.objective.sequence_crossentropy import flat_tokens, token_negative_log_likelihood
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Perplexity(KnownNames, keras.metrics.Mean):
    """exp of the mean -log p of all real target tokens seen; label smoothing plays no part.

    Args:
        ignore_id: Target id that does not count: PAD.

    Example:

    >>> perplexity = Perplexity()
    >>> perplexity.update_state(keras.ops.array([[3, 0]]), keras.ops.zeros((1, 2, 8)))
    >>> round(float(perplexity.result()), 4)
    8.0
    """

    def __init__(self, ignore_id: int = 0, name: str = "perplexity", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.ignore_id = ignore_id

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        """Adds targets [B, T] and logits [B, T, V]; weight [B, T] or `None`."""
        loss = token_negative_log_likelihood(y_true, y_pred)
        super().update_state(*flat_tokens(loss, y_true, sample_weight, self.ignore_id))

    def result(self) -> Tensor:
        return ops.exp(super().result())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "ignore_id": self.ignore_id}
