"""Strings given to `fit`, turned into ids."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.text.framing import encode_pair
from keras_seq2seq.text.tokenizer import Tokenizer


def encode_examples(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    **limits: int,
) -> tuple[Any, Any, Any]:
    """Turns what `fit` may be given as strings into ids; passes anything else through.

    x is a list, tuple or array of B source strings, y as many targets, and `sample_weight` a
    float array [B]; or x is a `tf.data.Dataset` of batches (sources [B], targets [B]), and stays
    one; or x is anything else. The `limits` are those of `encode_pair`.
    """
    encode = functools.partial(encode_pair, source_tokenizer, target_tokenizer, **limits)
    if isinstance(x, tf.data.Dataset) and _yields_strings(x):
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
        return x.dtype.kind in "US" or (x.dtype == object and x.size > 0 and isinstance(x[0], str))
    return isinstance(x, (list, tuple)) and len(x) > 0 and isinstance(x[0], (str, bytes))
