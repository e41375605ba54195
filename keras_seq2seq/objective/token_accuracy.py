"""Share of target tokens predicted right."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.objective.sequence_crossentropy import flat_tokens
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class TokenAccuracy(KnownNames, keras.metrics.Mean):
    """Share in [0, 1] of real target tokens whose logit is the largest, given the true prefix.

    Args:
        ignore_id: Target id that does not count: PAD.

    Example:

    >>> accuracy = TokenAccuracy()
    >>> accuracy.update_state(keras.ops.array([[1, 2, 0]]), keras.ops.one_hot([[1, 1, 1]], 4))
    >>> float(accuracy.result())
    0.5
    """

    def __init__(self, ignore_id: int = 0, name: str = "token_accuracy", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.ignore_id = ignore_id

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        """Adds targets [B, T] and logits [B, T, V]; weight [B, T] or `None`."""
        # Not argmax, which Keras makes of several passes over [B, T, V] to tell 0 from -0.
        predicted = ops.top_k(y_pred, 1)[1][..., 0]  # [B, T]
        right = ops.equal(ops.cast(y_true, "int32"), ops.cast(predicted, "int32"))
        right = ops.cast(right, "float32")
        super().update_state(*flat_tokens(right, y_true, sample_weight, self.ignore_id))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "ignore_id": self.ignore_id}
