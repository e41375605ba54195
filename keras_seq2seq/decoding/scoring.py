"""Log-probabilities of given targets."""

from typing import Any

import numpy as np
from keras import ops

from keras_seq2seq.fast_paths.vocabulary import log_normalizer
from keras_seq2seq.tensors import Tensor


def token_log_probabilities(logits: Tensor, targets: Tensor) -> Tensor:
    """The log-probability of each target token, given the source and the tokens before it.

    Args:
        logits: float tensor [B, T, V]; row t is the model's answer to the first t tokens.
        targets: int tensor [B, T].

    Returns:
        float32 tensor [B, T], natural logarithms; what stands at padding means nothing.

    Example:

    >>> logits = ops.zeros((1, 1, 8))
    >>> round(float(token_log_probabilities(logits, ops.array([[3]]))[0, 0]), 3)  # -log 8
    -2.079
    """
    logits = ops.cast(logits, "float32")
    targets = ops.expand_dims(ops.cast(targets, "int32"), axis=-1)
    chosen = ops.take_along_axis(logits, targets, axis=-1)[..., 0]
    return chosen - log_normalizer(logits)


def check_finite(scores: Any) -> None:
    """Raises a `ValueError` where the scores of results, an array of any shape, are no numbers."""
    if not np.isfinite(scores).all():
        raise ValueError(
            "The scores of this model are not finite: its weights hold NaN or infinity, or numbers "
            "too large to compute with. Take an earlier checkpoint, or train it again."
        )
