"""Batches as a plan writes them down, and as the model reads them, by TensorFlow operators alone.

A batch is planned in NumPy and travels through `tf.data` as one string, because strings are the
only elements of different size of which a tensor can hold many.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.framing import Pair, frame_ids

Rows = Callable[[tf.Tensor], tf.RaggedTensor]  # places [B] -> ids [B, (T)]


def write_indices(indices: np.ndarray) -> bytes:
    """A batch of which a reader knows the rows: their places, int32 (B,)."""
    return np.asarray(indices, np.int32).tobytes()


def read_indices(batch: tf.Tensor, sources: Rows, targets: Rows) -> Pair:
    """Looks the rows of `write_indices` up and frames them as `encode_pair` does."""
    places = tf.cast(tf.io.decode_raw(batch, tf.int32), tf.int64)  # [B]
    return frame_ids(sources(places), targets(places))


def write_rows(sources: TokenRows, targets: TokenRows, indices: np.ndarray) -> bytes:
    """A batch that brings its ids along: B, the lengths of both sides, the ids of both sides."""
    sides = sources.take(indices), targets.take(indices)
    arrays: list[Any] = [[len(indices)], *(side.lengths for side in sides)]
    arrays += [side.flat[:-1] for side in sides]  # without the closing PAD
    return np.concatenate(arrays).astype(np.int32).tobytes()


def read_rows(batch: tf.Tensor) -> Pair:
    """Frames the rows of `write_rows`."""
    numbers: Any = tf.io.decode_raw(batch, tf.int32)
    count = numbers[0]
    lengths = tf.cast(tf.reshape(numbers[1 : 1 + 2 * count], [2, count]), tf.int64)
    ids = numbers[1 + 2 * count :]
    split = tf.reduce_sum(lengths[0])
    ragged: Any = tf.RaggedTensor
    return frame_ids(
        ragged.from_row_lengths(ids[:split], lengths[0], validate=False),
        ragged.from_row_lengths(ids[split:], lengths[1], validate=False),
    )
