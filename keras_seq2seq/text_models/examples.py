"""Strings given to `fit`, turned into ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.text.framing import Pair, encode_pair
from keras_seq2seq.text.tokenizer import Tokenizer


def encode_examples(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    max_source_length: int,
    max_target_length: int,
) -> Pair:
    """Turns what `fit` may be given as strings into ids; passes anything else through.

    Args:
        x: list, tuple or array of B source strings; or a `tf.data.Dataset` of batches
            (source string [B], target string [B]); or anything else.
        y: B target strings, where x holds strings.
        sample_weight: float array [B], the weight of each pair, or `None`.
        source_tokenizer, target_tokenizer: `Tokenizer`s.
        max_source_length, max_target_length: int. Longer ones are cut, EOS included.

    Returns:
        (x, y, sample_weight) as `encode_pair` gives them, or (dataset, `None`, `None`), or the
        arguments themselves.

    Raises:
        ValueError: if there are not as many targets as sources, or no pair.

    Example:

    ```python
    x, y, sample_weight = encode_examples(["안녕."], ["Hi."], source_tokenizer=ko, ...)
    ```
    """

    def encode(source: Any, target: Any) -> Pair:
        return encode_pair(
            source_tokenizer,
            target_tokenizer,
            source,
            target,
            max_source_length=max_source_length,
            max_target_length=max_target_length,
        )

    if isinstance(x, tf.data.Dataset):
        if not _yields_strings(x):
            return x, y, sample_weight
        return x.map(encode, num_parallel_calls=tf.data.AUTOTUNE), None, None
    if not _are_strings(x):
        return x, y, sample_weight
    if y is None or len(x) != len(y) or not len(x):
        raise ValueError(
            f"Expected as many target as source strings, at least one; received {len(x)} sources "
            f"and {'no' if y is None else len(y)} targets."
        )
    x, y, token_weight = encode(list(x), list(y))
    token_weight = np.array(token_weight)
    if sample_weight is not None:
        token_weight *= np.asarray(sample_weight, "float32")[:, np.newaxis]  # [B, T]
    return {name: ids.numpy() for name, ids in x.items()}, y.numpy(), token_weight


def _yields_strings(dataset: tf.data.Dataset) -> bool:
    spec = dataset.element_spec
    return isinstance(spec, tuple) and getattr(spec[0], "dtype", None) == tf.string


def _are_strings(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "US" or (x.dtype == object and x.size and isinstance(x[0], str))
    return isinstance(x, (list, tuple)) and bool(x) and isinstance(x[0], (str, bytes))
