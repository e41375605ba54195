"""Cross-entropy over target tokens."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.fast_paths.fast_path import fast_path
from keras_seq2seq.fast_paths.vocabulary import log_normalizer
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor


def token_negative_log_likelihood(targets: Tensor, logits: Tensor) -> Tensor:
    """-log p(target) of every token: targets [B, T], logits [B, T, V] -> float32 [B, T]."""
    logits = ops.cast(logits, "float32")
    return log_normalizer(logits) - chosen_logits(targets, logits)


@fast_path("tensorflow_crossentropy")
def smoothed_negative_log_likelihood(
    targets: Tensor, logits: Tensor, label_smoothing: float
) -> Tensor:
    """The loss of `SequenceCrossentropy` token by token, [B, T]."""
    normalizer = log_normalizer.reference(logits)  # [B, T]
    loss = normalizer - (1.0 - label_smoothing) * chosen_logits(targets, logits)
    return loss - label_smoothing * ops.mean(logits, axis=-1) if label_smoothing else loss


def chosen_logits(targets: Tensor, logits: Tensor) -> Tensor:
    """The logit of each target: [B, T] and [B, T, V] -> [B, T]."""
    places = ops.expand_dims(ops.cast(targets, "int32"), axis=-1)  # [B, T, 1]
    return ops.take_along_axis(logits, places, axis=-1)[..., 0]


@fast_path("tensorflow_crossentropy")
def divergence_of_halves(logits: Tensor) -> Tensor:
    """How far two passes over the same tokens are from each other.

    KL(p1 | p2) + KL(p2 | p1) is the sum of (p1 - p2) (z1 - z2) over the vocabulary: the
    normalizers of the logits z drop out, since either p adds up to 1. The logits [2N, T, V] are
    one pass above the other; the divergence [N, T] is in nats.
    """
    first, second = ops.split(logits, 2)  # [N, T, V]
    return ops.sum((ops.softmax(first) - ops.softmax(second)) * (first - second), axis=-1)


def mean_divergence(targets: Tensor, logits: Tensor, weight: Tensor) -> Tensor:
    """The mean of `divergence_of_halves`, weighted as the loss of the tokens is, a scalar.

    It is 0 unless the second half of the targets [B, T] repeats the first.
    """
    rows = ops.shape(targets)[0]
    half = rows // 2
    repeated = ops.all(ops.equal(targets[:half], targets[rows - half :]))
    weight = weight[:half] * ops.cast(repeated, "float32")  # [N, T]
    divergence = divergence_of_halves(logits[: 2 * half])
    return ops.sum(divergence * weight) / ops.maximum(ops.sum(weight), 1e-6)


@fast_path("tensorflow_devices")
def mean_of_all_devices(mean: Tensor, weight: Tensor) -> Tensor:
    """A mean of losses by weights [B, T], over the batch of all devices that train together.

    One device knows it already; so do those of JAX, whose arrays hold the whole batch.
    """
    return mean


def token_weights(targets: Tensor, sample_weight: Tensor | None, ignore_id: int) -> Tensor:
    """The weight of each token, float32 [B, T]: 0 for `ignore_id`, else its sample weight or 1."""
    weight = ops.cast(ops.not_equal(targets, ignore_id), "float32")
    return weight if sample_weight is None else weight * ops.cast(sample_weight, "float32")


def flat_tokens(
    values: Tensor, targets: Tensor, sample_weight: Tensor | None, ignore_id: int
) -> tuple[Tensor, Tensor]:
    """Values [B, T] and their weights, [B * T] each, for a mean over all tokens.

    Keras would take the mean of each sentence first, its padding included.
    """
    weight = token_weights(targets, sample_weight, ignore_id)
    return ops.reshape(values, (-1,)), ops.reshape(weight, (-1,))


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class SequenceCrossentropy(KnownNames, keras.losses.Loss):
    """Mean cross-entropy of the real target tokens, with label smoothing in closed form.

    With smoothing e the target distribution is (1 - e) on the reference plus e / V on every
    token, whose cross-entropy is `logsumexp - (1 - e) * logit[target] - e * mean(logits)`: no
    one-hot tensor of V columns is built.

    With `r_drop` the model also learns not to depend on what dropout leaves it. A batch that
    holds each sentence twice, in its two halves (`make_dataset(..., r_drop=True)`), goes through
    two networks thinned in different ways, and half of their symmetric divergence times alpha
    is added. On batches made otherwise, as in validation, the loss is the cross-entropy alone.

    Args:
        label_smoothing: e, in [0, 1).
        r_drop: Weight alpha of the divergence: with P1, P2 of the two passes
            (-log P1 - log P2) / 2 + alpha / 4 (KL(P1 | P2) + KL(P2 | P1)). About 1 to 5.
        ignore_id: Target id that does not count: PAD.

    Call arguments:
        y_true: [B, T].
        y_pred: Logits [B, T, V].
        sample_weight: [B, T] or `None`.

    Returns:
        float32 scalar in nats per token; under a `tf.distribute.Strategy` that of the batch of all
        devices, each token of which counts the same, wherever it is.

    Raises:
        ValueError: an argument is out of range.

    Example:

    >>> loss = SequenceCrossentropy()
    >>> round(float(loss(keras.ops.array([[3, 0]]), keras.ops.zeros((1, 2, 8)))), 3)  # log 8
    2.079

    Reference: [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567), section 7;
    [Wu et al., 2021](https://arxiv.org/abs/2106.14448), equation 3, of which this is half, so
    that it stays the mean over all rows.
    """

    def __init__(
        self,
        label_smoothing: float = 0.0,
        ignore_id: int = 0,
        r_drop: float = 0.0,
        name: str = "sequence_crossentropy",
        **kwargs: Any,
    ):
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"SequenceCrossentropy: label_smoothing={label_smoothing} must lie in [0, 1)."
            )
        if r_drop < 0:
            raise ValueError(f"SequenceCrossentropy: r_drop={r_drop} must be at least 0.")
        kwargs.setdefault("reduction", "mean_with_sample_weight")
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing
        self.ignore_id = ignore_id
        self.r_drop = r_drop

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> Tensor:
        weight = token_weights(y_true, sample_weight, self.ignore_id)
        loss = super().__call__(y_true, y_pred, sample_weight=weight)
        loss = mean_of_all_devices(loss, weight)
        if not self.r_drop:
            return loss
        targets, logits = ops.cast(y_true, "int32"), ops.cast(y_pred, "float32")
        return loss + self.r_drop / 4 * mean_divergence(targets, logits, weight)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        targets, logits = ops.cast(y_true, "int32"), ops.cast(y_pred, "float32")
        return smoothed_negative_log_likelihood(targets, logits, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        names = ("label_smoothing", "ignore_id", "r_drop")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
