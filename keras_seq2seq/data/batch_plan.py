"""Which pairs go together into a batch, and in which order: a pure function."""

from __future__ import annotations

import numpy as np


def plan_batches(
    lengths: np.ndarray,
    batch_size: int,
    *,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
    pool_batches: int = 100,
) -> list[np.ndarray]:
    """Plans the batches of one epoch, with pairs of like length together.

    The pairs are shuffled, sorted by length within pools of `pool_batches` batches, cut into
    batches, and the batches are shuffled. So a batch holds little padding, and yet no two epochs
    see the same batches. The same arguments give the same plan, on every machine.

    Args:
        lengths: int array of shape (N, 2). Tokens of source and target of each pair.
        batch_size: int. Pairs a batch; one batch of the plan may be smaller.
        seed: int, at least 0. Seed of the run.
        epoch: int, at least 0. Number of the epoch, the other half of the seed.
        shuffle: bool. False sorts all pairs by length, the same way in every epoch.
        pool_batches: int. Most batches in a pool, half of the epoch at the most: 1 batches at
            random, more pad less.

    Returns:
        A list of `ceil(N / batch_size)` int64 arrays of shape (at most batch_size,) that hold
        every index of 0..N-1 exactly once.

    Raises:
        ValueError: an argument is out of range or `lengths` has another shape.

    Example:

    >>> lengths = np.array([[9, 9], [1, 1], [9, 8], [2, 1]])
    >>> [batch.tolist() for batch in plan_batches(lengths, 2, shuffle=False)]
    [[1, 3], [2, 0]]
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 2 or lengths.shape[1] != 2:
        raise ValueError(f"`lengths` must have the shape (N, 2). Received: {lengths.shape}.")
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("pool_batches", pool_batches, 1),
        ("seed", seed, 0),
        ("epoch", epoch, 0),
    ):
        if value < least:
            raise ValueError(f"`{name}` must be at least {least}. Received: {value}.")

    count = len(lengths)
    if not shuffle:
        return _cut(_by_length(np.arange(count), lengths), batch_size)
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(count)
    # At least two pools: one alone would put the same pairs together in every epoch. Pools hold
    # whole batches, so that only the last one has a rest.
    batch_count = -(-count // batch_size)
    pool_size = batch_size * max(1, min(pool_batches, batch_count // 2))
    batches = []
    for start in range(0, count, pool_size):
        batches += _cut(_by_length(order[start : start + pool_size], lengths), batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def _by_length(indices: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Indices sorted by target length, then source length; ties stay in the order given."""
    source, target = lengths[indices].T
    return indices[np.lexsort((source, target))].astype(np.int64)


def _cut(indices: np.ndarray, batch_size: int) -> list[np.ndarray]:
    return [indices[i : i + batch_size] for i in range(0, len(indices), batch_size)]
