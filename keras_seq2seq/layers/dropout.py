"""The kinds of dropout on a sequence."""

from typing import Any

import keras


def make_dropout(
    rate: float, variational: bool = False, whole_tokens: bool = False, dtype: Any = None
) -> keras.layers.Dropout:
    """Returns a `keras.layers.Dropout` for tensors [B, T, H].

    Args:
        rate: float in [0, 1).
        variational: bool. One mask [B, 1, H] serves all steps
            ([Gal and Ghahramani, 2016](https://arxiv.org/abs/1512.05287)).
        whole_tokens: bool. A step is dropped with all its H numbers: mask [B, T, 1].
        dtype: dtype policy.
    """
    noise_shape = (None, 1, None) if variational else (None, None, 1) if whole_tokens else None
    return keras.layers.Dropout(rate, noise_shape=noise_shape, dtype=dtype)
