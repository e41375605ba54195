"""Weights of few values while a model learns; the exact ones decide where it goes."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_seq2seq.objective.quantization_aware import quantization_aware, quantized
from keras_seq2seq.objective.recoverable_optimizer import recoverable


def steps(optimizer, variables, count, seed=3):
    """Takes so many steps with fixed gradients; gives the values after each."""
    random = np.random.default_rng(seed)
    seen = []
    for _ in range(count):
        optimizer.apply([random.normal(size=v.shape).astype("float32") for v in variables])
        seen.append([ops.convert_to_numpy(v).copy() for v in variables])
    return seen


def variables_of(seed=1):
    random = np.random.default_rng(seed)
    kernel = keras.Variable(random.normal(size=(32, 40)).astype("float32"), name="kernel")
    bias = keras.Variable(np.ones(40, "float32"), name="bias")
    return [kernel, bias]


@pytest.mark.parametrize("ema", [False, True])
def test_exact_weights_go_where_they_went(ema):
    """With gradients that do not depend on them, rounding changes nothing of the exact weights."""
    plain = recoverable(keras.optimizers.AdamW)
    ours, theirs = variables_of(), variables_of()
    options = {"use_ema": ema, "ema_momentum": 0.5, "global_clipnorm": 1.0}
    aware = quantization_aware(plain, bits=4, first_step=3)(0.01, **options)
    exact = plain(0.01, **options)
    aware.build(ours)
    exact.build(theirs)
    ((kernel, kept),) = aware.exact
    for number, (rounded, free) in enumerate(
        zip(steps(aware, ours, 6), steps(exact, theirs, 6), strict=True), start=1
    ):
        if number < 3:
            np.testing.assert_array_equal(rounded[0], free[0])
        else:
            expected = ops.convert_to_numpy(quantized(free[0], 4, axis=0))
            np.testing.assert_allclose(rounded[0], expected, atol=1e-6)
            assert max(len(set(column)) for column in rounded[0].T.tolist()) <= 15
        np.testing.assert_array_equal(rounded[1], free[1])  # too few numbers to be worth it
    np.testing.assert_allclose(ops.convert_to_numpy(kept), free[0], atol=1e-6)
    assert kernel is ours[0]
    if ema:
        averages = (o._model_variables_moving_average[0] for o in (aware, exact))
        np.testing.assert_allclose(*map(ops.convert_to_numpy, averages), atol=1e-6)


def test_rows_of_embeddings_share_a_scale():
    table = keras.layers.Embedding(64, 32)
    table.build()
    optimizer = quantization_aware(keras.optimizers.SGD, bits=4, first_step=1)(0.0)
    optimizer.build(table.trainable_variables)
    steps(optimizer, table.trainable_variables, 1)
    rows = ops.convert_to_numpy(table.embeddings).tolist()
    assert max(len(set(row)) for row in rows) <= 15


def test_rounding_twice_is_rounding_once():
    weights = np.random.default_rng(0).normal(size=(50, 30)).astype("float32")
    weights[:, 3] = 0
    once = quantized(weights, 4, axis=0)
    twice = ops.convert_to_numpy(quantized(once, 4, axis=0))
    np.testing.assert_allclose(ops.convert_to_numpy(once), twice, atol=1e-6)
    scale = np.abs(weights).max(axis=0) / 7
    assert (np.abs(ops.convert_to_numpy(once) - weights) <= scale / 2 + 1e-6).all()
