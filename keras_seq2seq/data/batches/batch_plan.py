"""Which pairs go together into a batch, and in which order: a pure function."""

import itertools
from bisect import bisect_left, insort
from typing import Any

import numpy as np


def plan_batches(
    lengths: np.ndarray,
    batch_size: int,
    *,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
    pool_batches: int = 100,
    batch_tokens: int = 0,
    batch_count: int | None = None,
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
        batch_tokens: int. Where above 0, pairs times tokens of the longest sentence of either
            side, so with padding, is at most this; a pair that is longer stands alone.
            `batch_size` then sets the size of the pools only.
        batch_count: int. With `batch_tokens`: make so many batches, of like size, instead of
            keeping within the limit, so that all epochs have as many. Between 1 and N.

    Returns:
        A list of int32 arrays that hold every index of 0..N-1 exactly once: `ceil(N /
        batch_size)` of them, or as `batch_tokens` and `batch_count` say.

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
    _check(batch_size=(batch_size, 1), pool_batches=(pool_batches, 1), seed=(seed, 0))
    _check(epoch=(epoch, 0), batch_tokens=(batch_tokens, 0))

    rng = np.random.default_rng([seed, epoch])
    order, pool_size = np.arange(len(lengths), dtype=np.int32), max(1, len(lengths))
    if shuffle:
        order = rng.permutation(len(lengths)).astype(np.int32)  # ten million are 40 MB
        # At least two pools: one alone would put the same pairs together in every epoch. Pools
        # hold whole batches, so that only the last one has a rest.
        pool_size = batch_size * max(1, min(pool_batches, -(-len(lengths) // batch_size) // 2))
    starts = range(0, len(lengths), pool_size)
    pools = [_by_length(order[start : start + pool_size], lengths) for start in starts]
    if batch_tokens:
        widths = [lengths[pool].max(axis=1) + 1 for pool in pools]  # with the closing EOS
        ends = (
            [_ends_by_tokens(width, batch_tokens) for width in widths]
            if batch_count is None
            else _ends_by_count(widths, batch_count)
        )
    else:
        ends = [[*range(batch_size, len(pool), batch_size), len(pool)] for pool in pools]
    cut = (np.split(pool, cuts[:-1]) for pool, cuts in zip(pools, ends, strict=True))
    batches = list(itertools.chain.from_iterable(cut))
    return [batches[i] for i in rng.permutation(len(batches))] if shuffle else batches


def count_batches(
    lengths: np.ndarray, batch_size: int, *, batch_tokens: int = 0, **plan: Any
) -> int:
    """How many batches `plan_batches` makes of epoch 0, which is planned only if it must be."""
    if batch_tokens or not len(lengths):
        return len(plan_batches(lengths, batch_size, batch_tokens=batch_tokens, **plan))
    _check(batch_size=(batch_size, 1), batch_tokens=(batch_tokens, 0), seed=(plan["seed"], 0))
    return -(-len(lengths) // batch_size)


def _check(**least: tuple[int, int]) -> None:
    for name, (value, minimum) in least.items():
        if value < minimum:
            raise ValueError(f"`{name}` must be at least {minimum}. Received: {value}.")


def _by_length(indices: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Indices sorted by target length, then source length; ties stay in the order given."""
    source, target = lengths[indices].T
    return indices[np.lexsort((source, target))]


def _ends_by_tokens(widths: np.ndarray, limit: int) -> list[int]:
    """Where to cut, greedily, so that rows x widest row of each part stays within a limit."""
    ends, start, widest = [], 0, 0
    for i, width in enumerate(widths.tolist()):
        grown = max(widest, width)
        if i > start and (i - start + 1) * grown > limit:
            ends.append(i)
            start, grown = i, width
        widest = grown
    return [*ends, len(widths)]


def _ends_by_count(widths: list[np.ndarray], count: int) -> list[list[int]]:
    """Where to cut the pools so that there are `count` batches in all, of like size."""
    total = sum(map(len, widths))
    if not len(widths) <= count <= total:
        raise ValueError(
            f"`batch_count` must be from {len(widths)} (the pools) to {total} (the pairs). "
            f"Received: {count}."
        )

    def cut(limit: int) -> list[list[int]]:
        return [_ends_by_tokens(width, limit) for width in widths]

    # The least limit that needs no more than `count` batches: a lower one never needs fewer.
    limits = range(1, total * int(max(width.max() for width in widths)))
    limit = 1 + bisect_left(limits, True, key=lambda n: sum(map(len, cut(n))) <= count)
    ends = cut(limit)
    # A limit may skip a number of batches: halve the largest ones until it is reached.
    for _ in range(count - sum(map(len, ends))):
        _, pool, end, start = max(
            (end - start, pool, end, start)
            for pool, cuts in enumerate(ends)
            for start, end in itertools.pairwise([0, *cuts])
        )
        insort(ends[pool], (start + end) // 2)
    return ends
