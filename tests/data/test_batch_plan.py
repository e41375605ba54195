"""The plan of an epoch: complete, repeatable, of known size and with little padding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.data.batches.batch_plan import plan_batches


def random_lengths(count, seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.integers(1, 60, count)
    return np.stack([targets + rng.integers(0, 5, count), targets], axis=1)


def padded_tokens(lengths, plan):
    return sum(len(batch) * lengths[batch].max(axis=0).sum() for batch in plan)


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(0, 300),
    batch_size=st.integers(1, 40),
    pool_batches=st.integers(1, 5),
    epoch=st.integers(0, 9),
    shuffle=st.booleans(),
)
def test_every_index_exactly_once_in_a_known_number_of_batches(
    count, batch_size, pool_batches, epoch, shuffle
):
    plan = plan_batches(
        random_lengths(count),
        batch_size,
        epoch=epoch,
        shuffle=shuffle,
        pool_batches=pool_batches,
    )
    assert len(plan) == -(-count // batch_size)
    assert all(0 < len(batch) <= batch_size and batch.dtype == np.int32 for batch in plan)
    assert sum(len(batch) < batch_size for batch in plan) <= 1
    assert sorted(np.concatenate([*plan, []])) == list(range(count))


def test_the_same_arguments_give_the_same_plan_and_others_another():
    def flat(**options):
        return np.concatenate(plan_batches(random_lengths(500), 16, **options)).tolist()

    assert flat(seed=3, epoch=2) == flat(seed=3, epoch=2)
    assert flat(seed=3, epoch=2) != flat(seed=3, epoch=1)
    assert flat(seed=3, epoch=2) != flat(seed=2, epoch=3)
    assert flat(shuffle=False, epoch=1) == flat(shuffle=False, epoch=7, seed=5)


def test_batches_change_their_members_from_epoch_to_epoch():
    lengths = random_lengths(6400)
    first, second = (
        {frozenset(batch.tolist()) for batch in plan_batches(lengths, 64, epoch=epoch)}
        for epoch in (0, 1)
    )
    assert not first & second


def test_long_and_short_batches_are_mixed():
    lengths = random_lengths(6400)
    longest = [lengths[batch, 1].max() for batch in plan_batches(lengths, 64)]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.5


def test_pools_save_padding():
    lengths = random_lengths(6400)
    real = lengths.sum()
    mixed = padded_tokens(lengths, plan_batches(lengths, 64, pool_batches=1))
    pooled = padded_tokens(lengths, plan_batches(lengths, 64))
    assert real <= pooled < 1.2 * real and 1.5 * real < mixed


def batch_cost(lengths, batch):
    """Pairs times the longest sentence of either side, its EOS among its tokens."""
    return len(batch) * (lengths[batch].max() + 1)


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(0, 300),
    batch_tokens=st.integers(1, 2000),
    batch_size=st.integers(1, 40),
    epoch=st.integers(0, 9),
    shuffle=st.booleans(),
    wanted=st.integers(1, 300),
)
def test_batches_by_tokens_keep_their_limit_or_their_number(
    count, batch_tokens, batch_size, epoch, shuffle, wanted
):
    lengths = random_lengths(count)
    options = {"epoch": epoch, "shuffle": shuffle, "batch_tokens": batch_tokens}
    plan = plan_batches(lengths, batch_size, **options)
    assert all(len(b) == 1 or batch_cost(lengths, b) <= batch_tokens for b in plan)
    assert sorted(np.concatenate([*plan, []])) == list(range(count))

    pools = -(-count // batch_size)  # never more than that
    if pools <= wanted <= count:
        plan = plan_batches(lengths, batch_size, batch_count=wanted, **options)
        assert len(plan) == wanted and all(map(len, plan))
        assert sorted(np.concatenate(plan)) == list(range(count))


def test_batches_by_tokens_are_of_like_size():
    lengths = random_lengths(6400)
    costs = [batch_cost(lengths, b) for b in plan_batches(lengths, 64, batch_tokens=2000)]
    assert np.mean(costs) > 0.9 * 2000
    again = plan_batches(lengths, 64, batch_tokens=2000, batch_count=len(costs), epoch=5)
    assert len(again) == len(costs)
    assert max(batch_cost(lengths, b) for b in again) < 1.05 * 2000


def test_a_number_of_batches_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="from 3 .the pools. to 12 .the pairs"):
        plan_batches(random_lengths(12), 4, pool_batches=1, batch_tokens=9, batch_count=13)


def test_without_shuffling_the_lengths_rise():
    lengths = random_lengths(200)
    order = np.concatenate(plan_batches(lengths, 16, shuffle=False))
    keys = [(target, source) for source, target in lengths[order]]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "options, name",
    [
        ({"batch_size": 0}, "batch_size"),
        ({"pool_batches": 0}, "pool_batches"),
        ({"seed": -1}, "seed"),
        ({"epoch": -1}, "epoch"),
        ({"batch_tokens": -1}, "batch_tokens"),
        ({"lengths": np.ones(5)}, "lengths"),
    ],
)
def test_bad_arguments_are_named(options, name):
    arguments = {"lengths": random_lengths(5), "batch_size": 2, **options}
    with pytest.raises(ValueError, match=f"`{name}`"):
        plan_batches(**arguments)
