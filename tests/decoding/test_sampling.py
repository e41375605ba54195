"""Sampling: the right distribution, cut as wanted, repeatable."""

import numpy as np
import pytest
from keras import ops

from keras_seq2seq.decoding import sample
from keras_seq2seq.decoding.counter_noise import gumbel_noise
from keras_seq2seq.decoding.sampling import keep_probable

PROBABILITIES = np.array([0.0, 0.05, 0.1, 0.15, 0.3, 0.4])
EOS, PAD = 1, 0


def step(ids, state):
    logits = np.log(PROBABILITIES + 1e-12).astype("float32")
    return ops.convert_to_tensor(logits)[None] + ops.zeros_like(ids, "float32")[:, None], state


def draw(seeds, num_return=1, **options):
    seeds = ops.convert_to_tensor(np.asarray(seeds, "int32"))
    return sample(
        step,
        (),
        ops.zeros_like(seeds) + 2,
        seed=seeds,
        num_return=num_return,
        max_length=6,
        eos_id=EOS,
        pad_id=PAD,
        **options,
    )


def first_tokens(**options):
    found = draw(np.arange(20_000), **options).ids
    return np.bincount(np.asarray(found)[:, 0, 0], minlength=6) / 20_000


def test_tokens_come_as_often_as_the_model_says():
    np.testing.assert_allclose(first_tokens(), PROBABILITIES, atol=0.015)


def test_temperature_sharpens():
    half = ops.full((20_000,), 0.5)
    expected = PROBABILITIES**2 / (PROBABILITIES**2).sum()
    np.testing.assert_allclose(first_tokens(temperature=half), expected, atol=0.015)


def test_top_k_and_top_p_cut_the_tail_for_each_example():
    two = first_tokens(top_k=ops.full((20_000,), 2, dtype="int32"))
    np.testing.assert_allclose(two, [0, 0, 0, 0, 3 / 7, 4 / 7], atol=0.015)
    most = first_tokens(top_p=ops.full((20_000,), 0.75))
    np.testing.assert_allclose(most, [0, 0, 0, 3 / 17, 6 / 17, 8 / 17], atol=0.015)
    logits = np.log(PROBABILITIES[1:])[None].repeat(4, 0).astype("float32")
    kept = keep_probable(logits, np.array([0, 1, 3, 99]), np.array([1.0, 1.0, 0.3, 0.5]))
    np.testing.assert_array_equal(
        np.asarray(kept) > -1e8,
        [[1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 1, 1]],
    )


@pytest.mark.parametrize("flat", [False, True])
def test_of_a_large_vocabulary_the_same_are_kept(flat):
    """As by sorting it all, be those to keep few or many, in rows that are cut or are not."""
    random, size = np.random.default_rng(1), 2000
    logits = random.normal(0, 0.1 if flat else 4, (8, size)).astype("float32")
    top_k = np.array([0, 0, 5, 300, 1, 0, 64, 5000])
    top_p = np.array([1.0, 0.9, 0.5, 0.9, 0.2, 0.01, 1.0, 1.0])
    kept = np.asarray(keep_probable(logits, top_k, top_p)) > -1e8
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    order = np.argsort(-probabilities, axis=-1)
    before = np.cumsum(np.take_along_axis(probabilities, order, -1), -1)
    for row in range(8):
        most = min(top_k[row] or size, size)
        if top_p[row] < 1:
            most = min(most, np.sum(before[row] < top_p[row]) + 1)
        assert set(np.flatnonzero(kept[row])) == set(order[row, :most])
    alone = [
        keep_probable(logits[i : i + 1], top_k[i : i + 1], top_p[i : i + 1])[0] for i in range(8)
    ]
    np.testing.assert_array_equal(np.stack(alone) > -1e8, kept)


def test_the_same_seed_gives_the_same_alone_and_in_a_batch():
    together = draw([5, 6, 5, 7], num_return=3)
    alone = draw([7], num_return=3)
    np.testing.assert_array_equal(together.ids[3], alone.ids[0])
    np.testing.assert_array_equal(together.ids[0], together.ids[2])
    assert not np.array_equal(together.ids[0], together.ids[1])
    assert not np.array_equal(together.ids[0, 0], together.ids[0, 1])


def test_the_score_is_that_of_the_model_at_temperature_one():
    result = draw(range(50), temperature=ops.full((50,), 0.3))
    for ids, length, score in zip(*(np.asarray(v)[:, 0] for v in result[:3]), strict=True):
        chosen = PROBABILITIES[ids[: min(length + 1, 6)]]
        np.testing.assert_allclose(score, np.log(chosen).sum(), atol=1e-4)


def test_the_noise_is_gumbel_and_nothing_is_alike():
    noise = np.stack(
        [
            np.asarray(gumbel_noise(ops.arange(64), ops.zeros((64,), "int32"), position, 512))
            for position in range(8)
        ]
    )  # [8, 64, 512]
    assert np.isfinite(noise).all()
    np.testing.assert_allclose(noise.mean(), 0.57722, atol=0.01)
    np.testing.assert_allclose(noise.var(), np.pi**2 / 6, atol=0.03)
    uniform = np.exp(-np.exp(-noise.astype("float64")))
    counts, _ = np.histogram(uniform, bins=64, range=(0, 1))
    expected = noise.size / 64
    assert ((counts - expected) ** 2 / expected).sum() < 120  # chi-squared, 63 degrees
    for axis in range(3):
        shifted = np.roll(uniform, 1, axis)
        assert abs(np.corrcoef(uniform.ravel(), shifted.ravel())[0, 1]) < 0.01
    assert len(np.unique(noise)) > 0.9 * noise.size


@pytest.mark.parametrize("seed", [0, -1, 2**31 - 1, -(2**31)])
def test_any_seed_is_a_seed(seed):
    assert np.isfinite(np.asarray(draw([seed]).score)).all()
