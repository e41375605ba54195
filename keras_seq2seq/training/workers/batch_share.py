"""The part of each batch that a worker, or one of its devices, reads."""

import functools
from typing import Any

import tensorflow as tf


def share_of_batches(
    dataset: tf.data.Dataset, first: int, count: int, total: int, *, together: bool = False
) -> tf.data.Dataset:
    """Cuts each batch into equal parts, one for a device, and takes those of one worker.

    A part is a run of neighbouring rows, so that all parts one after the other are the batch. Where
    rows do not divide evenly the last one is repeated with a weight of 0, which no loss and no
    metric that is weighted counts.

    Args:
        dataset: Yields (x, y, sample_weight), nests of tensors [B, ...]; weights are [B] or [B, T].
        first: The worker's first part, from 0.
        count: How many parts it takes: its devices.
        total: Parts of a batch: the devices of all workers.
        together: Whether its parts come as one batch, and not one after the other.

    Returns:
        A dataset of the same structure: for each batch `count` elements of `ceil(B / total)` rows,
        or one of all their rows.

    Raises:
        ValueError: there are no such parts.

    Example:

    >>> rows = tf.constant([[1], [2], [3]])
    >>> batches = tf.data.Dataset.from_tensors(({"ids": rows}, rows, tf.ones((3, 1))))
    >>> x, _, weights = next(iter(share_of_batches(batches, 1, 1, 2)))
    >>> x["ids"].numpy().tolist(), weights.numpy().tolist()
    ([[3], [3]], [[1.0], [0.0]])
    """
    if not 0 <= first < first + count <= total:
        raise ValueError(
            f"share_of_batches: parts {first} to {first + count - 1} of {total} were asked for."
        )
    part = functools.partial(_part, total=total)
    if together or count == 1:
        return dataset.map(lambda *batch: part(batch, first, count))
    numbers = tf.data.Dataset.range(first, first + count, output_type=tf.int32)
    return dataset.flat_map(lambda *batch: numbers.map(lambda number: part(batch, number, 1)))


def _part(batch: tuple, first: Any, count: int, total: int) -> tuple:
    """`count` parts of `total` as one, from a number on."""
    x, y, weight = batch
    rows = tf.shape(y)[0]
    size = -(-rows // total)
    places = tf.range(first * size, (first + count) * size)
    taken = tf.minimum(places, rows - 1)
    x, y, weight = tf.nest.map_structure(lambda tensor: tf.gather(tensor, taken), (x, y, weight))
    real = tf.cast(places < rows, weight.dtype)
    return x, y, weight * tf.reshape(real, [-1] + [1] * (weight.shape.rank - 1))
