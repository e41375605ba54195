"""What callers give as texts."""

import numbers
from collections.abc import Iterable, KeysView, Mapping, Sequence, Set
from typing import Any

import numpy as np

TEXT = (str, bytes)


def is_text(given: Any) -> bool:
    """Whether there are strings in what a caller gave: a string, a collection, a tensor."""
    dtype = getattr(given, "dtype", None)
    if isinstance(given, TEXT) or dtype == "string":  # a tensor of TensorFlow or of Keras, too
        return True
    if isinstance(given, np.ndarray):
        return given.dtype.kind in "UST" or (given.dtype == object and is_text(given.tolist()))
    if hasattr(given, "to_numpy"):  # a column of pandas or of what is like it
        return is_text(given.to_numpy())
    if isinstance(given, dict):
        return any(map(is_text, given.values()))
    return isinstance(given, (Sequence, Set)) and any(map(is_text, given))


def as_texts(given: Any, what: str = "") -> list[str]:
    """Texts as a list of str, of a list, tuple, array, column or tensor of them, or a clear error.

    Bytes are read as UTF-8, broken ones as U+FFFD. `what` says whose texts they are. What has no
    order, or more than texts in it, as a dict, is no list of texts.
    """
    what = what and f"{what}: "
    for method in ("to_numpy", "numpy"):
        given = getattr(given, method, lambda given=given: given)()
    if isinstance(given, TEXT):
        raise TypeError(
            f"{what}expected a list of strings, got one string: write [{given[:30]!r}]."
        )
    if isinstance(given, np.ndarray):
        if given.ndim != 1:
            raise TypeError(
                f"{what}expected a list of strings, got an array of shape {given.shape}: take one "
                "column, array[:, 0]."
            )
        given = given.tolist()
    unordered = isinstance(given, (Set, Mapping)) and not isinstance(given, KeysView)
    if unordered or not isinstance(given, Iterable):
        raise TypeError(f"{what}expected a list of strings, got {type(given).__name__}: {given!r}.")
    texts = list(given)
    for wrong in (text for text in texts if not isinstance(text, TEXT)):
        raise TypeError(f"{what}expected strings, got {type(wrong).__name__}: {wrong!r}.")
    return [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]


def as_texts_to_judge(
    sources: Any, targets: Any, what: str = "score"
) -> tuple[list[str], list[str]]:
    """As many targets as sources, each as by `as_texts`, or a clear error."""
    sources, targets = as_texts(sources, "sources"), as_texts(targets, "targets")
    if len(sources) != len(targets):
        raise ValueError(
            f"{what}: expected one target for each source, got {len(sources)} sources and "
            f"{len(targets)} targets."
        )
    return sources, targets


def check_batch_size(batch_size: Any) -> None:
    """Raises a `ValueError` for a size that no batch has."""
    if not isinstance(batch_size, numbers.Integral) or isinstance(batch_size, bool):
        raise ValueError(f"batch_size must be an int, got {batch_size!r}.")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
