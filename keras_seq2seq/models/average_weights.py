"""One model out of several of the same shape."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def average_weights(models: Iterable[Any]) -> Any:
    """Averages the weights of models that differ in nothing else, such as checkpoints of one run.

    Args:
        models: list of `Seq2Seq`s or `TextSeq2Seq`s.

    Returns:
        A new model like the first, not compiled.

    Raises:
        ValueError: if there is no model, or their weights have other shapes.

    Example:

    >>> from keras_seq2seq import Seq2Seq
    >>> models = [Seq2Seq.from_options(30, 40, units=8) for _ in range(3)]
    >>> average_weights(models).count_params() == models[0].count_params()
    True

    Reference: [Junczys-Dowmunt et al., 2016](https://arxiv.org/abs/1605.04809), section 3.1.
    """
    models = list(models)
    if not models:
        raise ValueError("average_weights: expected at least one model, got none.")
    weights = [model.get_weights() for model in models]
    shapes = [[w.shape for w in one] for one in weights]
    for place, other in enumerate(shapes[1:], start=2):
        if other != shapes[0]:
            raise ValueError(
                f"average_weights: the weights of model {place} have other shapes than those of "
                "model 1; only models of one architecture can be averaged. For others see Ensemble."
            )
    average = models[0].copy()
    same = zip(*weights, strict=True)
    average.set_weights([np.mean(w, axis=0, dtype="float64").astype(w[0].dtype) for w in same])
    return average
