"""One model out of several of the same shape."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def average_weights(models: Iterable[Any]) -> Any:
    """Averages the weights of models that differ in nothing else, such as checkpoints of one run.

    Args:
        models: list of `Seq2Seq`s or `TextSeq2Seq`s.

    Returns:
        A new model like the first, not compiled. What it knows as integers, such as the tokens of
        a shortlist, is that of the first.

    Raises:
        ValueError: if there is no model, or they differ in configuration, vocabularies or the
            shapes of their weights.

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
    for place, other in enumerate(models[1:], start=2):
        _check_same(models[0], other, place)
    average = models[0].copy()
    average.set_weights([_mean(same) for same in zip(*weights, strict=True)])
    return average


def _mean(same: tuple[np.ndarray, ...]) -> np.ndarray:
    """The mean of one weight of all models; between two ids there is nothing."""
    first = same[0]
    if np.issubdtype(first.dtype, np.integer):
        return first
    return np.mean(same, axis=0, dtype="float64").astype(first.dtype)


def _check_same(first: Any, other: Any, place: int) -> None:
    """Weights of equal shapes still mean other things under another configuration."""
    if type(first) is not type(other):
        what = f"is a {type(other).__name__}, model 1 a {type(first).__name__}"
        raise ValueError(f"average_weights: model {place} {what}.")
    for side in ("source_tokenizer", "target_tokenizer"):
        ours: Any = getattr(first, side, None)
        theirs: Any = getattr(other, side, None)
        if ours is not None and ours.vocabulary_state() != theirs.vocabulary_state():
            raise ValueError(
                f"average_weights: the {side} of model {place} is not that of model 1, so that "
                "its embeddings belong to other tokens. Train all with the same vocabularies."
            )
    name = _difference(first.get_config(), other.get_config())
    if name:
        raise ValueError(
            f"average_weights: {name} of model {place} differs from that of model 1; only models "
            "of one configuration can be averaged. For others see Ensemble."
        )


def _difference(ours: Any, theirs: Any, name: str = "the configuration") -> str | None:
    """Where two configurations first differ in what they compute when they decode."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [key for key in {**ours, **theirs} if not _is_for_training(key)]
        found = (_difference(ours.get(key), theirs.get(key), key) for key in keys)
        return next(filter(None, found), None)
    return None if ours == theirs else name


def _is_for_training(key: str) -> bool:
    known = ("name", "trainable", "trainable_parts", "shared_object_id", "build_config")
    return key in known or "dropout" in key or key.endswith(("initializer", "seed", "fingerprint"))
