"""Cross-entropy over target tokens."""

import keras
from keras import ops


def token_negative_log_likelihood(targets, logits):
    """-log p(target) of every token: targets [B, T], logits [B, T, V] -> float32 [B, T]."""
    logits = ops.cast(logits, "float32")
    targets = ops.cast(targets, "int32")
    chosen = ops.take_along_axis(logits, ops.expand_dims(targets, axis=-1), axis=-1)[..., 0]
    return ops.logsumexp(logits, axis=-1) - chosen


def token_weights(targets, sample_weight, ignore_id):
    """The weight of each token, float32 [B, T]: 0 for `ignore_id`, else its sample weight or 1."""
    weight = ops.cast(ops.not_equal(targets, ignore_id), "float32")
    return weight if sample_weight is None else weight * ops.cast(sample_weight, "float32")


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class SequenceCrossentropy(keras.losses.Loss):
    """Mean cross-entropy of the real target tokens, with label smoothing in closed form.

    With smoothing e the target distribution is (1 - e) on the reference plus e / V on every
    token, whose cross-entropy is `logsumexp - (1 - e) * logit[target] - e * mean(logits)`: no
    one-hot tensor of V columns is built.

    Args:
        label_smoothing: float in [0, 1). e.
        ignore_id: int. Target id that does not count: PAD.

    Call arguments:
        y_true: int tensor [B, T].
        y_pred: float tensor [B, T, V], logits.
        sample_weight: float tensor [B, T] or `None`.

    Returns:
        float32 scalar in nats per token.

    Raises:
        ValueError: if label_smoothing lies outside [0, 1).

    Example:

    >>> loss = SequenceCrossentropy()
    >>> round(float(loss(keras.ops.array([[3, 0]]), keras.ops.zeros((1, 2, 8)))), 3)  # log 8
    2.079

    Reference: [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567), section 7.
    """

    def __init__(self, label_smoothing=0.0, ignore_id=0, name="sequence_crossentropy", **kwargs):
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"SequenceCrossentropy: label_smoothing={label_smoothing} must lie in [0, 1)."
            )
        kwargs.setdefault("reduction", "mean_with_sample_weight")
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing
        self.ignore_id = ignore_id

    def __call__(self, y_true, y_pred, sample_weight=None):
        weight = token_weights(y_true, sample_weight, self.ignore_id)
        return super().__call__(y_true, y_pred, sample_weight=weight)

    def call(self, y_true, y_pred):
        logits = ops.cast(y_pred, "float32")
        loss = token_negative_log_likelihood(y_true, logits)
        if not self.label_smoothing:
            return loss
        uniform = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
        return (1.0 - self.label_smoothing) * loss + self.label_smoothing * uniform

    def get_config(self):
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
            "ignore_id": self.ignore_id,
        }
