"""Text and ids as callers may give them, turned into tensors."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.text.normalization import replace_surrogates


def text_tensor(text: Any) -> tf.Tensor:
    """Text of any form as a string tensor [B] or []; lone surrogates become U+FFFD."""
    text = tf.nest.map_structure(lambda x: replace_surrogates(x) if isinstance(x, str) else x, text)
    try:
        text = tf.convert_to_tensor(text, dtype=tf.string)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Cannot tokenize {text!r}: expected a str, a list of str or a string tensor."
        ) from error
    if text.shape.rank not in (0, 1):
        raise ValueError(
            f"Cannot tokenize a tensor of shape {text.shape}: expected [B] or []. Flatten it "
            "first, for instance by tf.reshape(text, [-1])."
        )
    return text


def id_tensor(ids: Any) -> tf.RaggedTensor | tf.Tensor:
    """Ids of any form as an int64 tensor [..., T] or `RaggedTensor` [B, (T)]."""
    tensor = ids
    try:
        if isinstance(ids, (list, tuple)):
            nested = len(ids) > 0 and not isinstance(ids[0], (int, np.integer))
            tensor = (tf.ragged.constant if nested else tf.constant)(ids, tf.int64)
        elif not isinstance(ids, tf.RaggedTensor):
            tensor = tf.convert_to_tensor(ids)
        if tensor.dtype.is_integer and tensor.shape.rank != 0:
            return tf.cast(tensor, tf.int64)
    except (TypeError, ValueError):
        pass  # what follows says what is wrong
    raise ValueError(f"Cannot detokenize {ids!r}: expected integer ids [B, T] or [T].")
