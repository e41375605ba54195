"""Cross-entropy over target tokens."""

import keras
from keras import ops


def token_negative_log_likelihood(targets, logits):
    """-log p(target) of every token: targets [B, T], logits [B, T, V] -> float32 [B, T]."""
    logits = ops.cast(logits, "float32")
    return _normalizer_function()(logits) - chosen_logits(targets, logits)


def smoothed_negative_log_likelihood(targets, logits, label_smoothing):
    """The loss of `SequenceCrossentropy` token by token, [B, T], in plain `keras.ops`.

    TensorFlow has a version with a gradient of its own; this one is the reference for it.
    """
    normalizer = ops.logsumexp(logits, axis=-1)  # [B, T]
    loss = normalizer - (1.0 - label_smoothing) * chosen_logits(targets, logits)
    return loss - label_smoothing * ops.mean(logits, axis=-1) if label_smoothing else loss


def chosen_logits(targets, logits):
    """The logit of each target: [B, T] and [B, T, V] -> [B, T]."""
    places = ops.expand_dims(ops.cast(targets, "int32"), axis=-1)  # [B, T, 1]
    return ops.take_along_axis(logits, places, axis=-1)[..., 0]


def token_weights(targets, sample_weight, ignore_id):
    """The weight of each token, float32 [B, T]: 0 for `ignore_id`, else its sample weight or 1."""
    weight = ops.cast(ops.not_equal(targets, ignore_id), "float32")
    return weight if sample_weight is None else weight * ops.cast(sample_weight, "float32")


def _loss_function():
    """The fastest function that computes the loss on the backend in use."""
    if keras.backend.backend() != "tensorflow":
        return smoothed_negative_log_likelihood
    from keras_seq2seq.training import crossentropy_gradient

    return crossentropy_gradient.smoothed_negative_log_likelihood


def _normalizer_function():
    """The same for the log of the sum of exp over the vocabulary: [B, T, V] -> [B, T]."""
    if keras.backend.backend() != "tensorflow":
        return lambda logits: ops.logsumexp(logits, axis=-1)
    from keras_seq2seq.training import crossentropy_gradient

    return crossentropy_gradient.log_normalizer


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
        targets, logits = ops.cast(y_true, "int32"), ops.cast(y_pred, "float32")
        return _loss_function()(targets, logits, self.label_smoothing)

    def get_config(self):
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
            "ignore_id": self.ignore_id,
        }
