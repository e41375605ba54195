"""The LSTM by hand against the one of Keras: outputs, states and all gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.fast_paths import tensorflow_lstm
from keras_seq2seq.fast_paths.tensorflow_lstm import lstm_sequence
from keras_seq2seq.layers.recurrent_stack import RecurrentStack

RANDOM = np.random.default_rng(3)
INPUTS = RANDOM.normal(size=(4, 6, 5)).astype("float32")
MASK = np.arange(6) < np.array([[6], [1], [4], [3]])
STATE = [RANDOM.normal(size=(4, 7)).astype("float32") for _ in range(2)]


def make_layer(backwards=False, dtype=None):
    layer = keras.layers.LSTM(
        7, return_sequences=True, return_state=True, go_backwards=backwards, dtype=dtype
    )
    layer.build(INPUTS.shape)
    layer.cell.bias.assign(RANDOM.normal(size=28))
    return layer


def with_gradients(function, layer, state):
    """Outputs and states, and the gradients of inputs, states and weights."""
    sources = [tf.constant(array) for array in (INPUTS, *(state or ()))]
    variables = [variable.value for variable in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        results = function(sources[0], sources[1:] or None)
        # All of them count, each number with a weight of its own.
        total = sum(
            tf.reduce_sum(tf.sin(tf.range(tf.size(r), dtype="float32")) * tf.reshape(r, [-1]))
            for r in results
        )
    return [*results, *tape.gradient(total, [*sources, *variables])]


@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize(
    ("backwards", "mask", "state"),
    [
        (False, None, None),
        (False, None, STATE),
        (False, MASK, None),
        (True, None, None),
        (True, MASK, None),
    ],
)
def test_values_and_gradients_are_those_of_keras(backwards, mask, state, in_graph):
    layer = make_layer(backwards)
    mask = None if mask is None else tf.constant(mask)

    def ours(x, s):
        return lstm_sequence(layer, x, s, mask)

    def theirs(x, s):
        return layer(x, initial_state=s, mask=mask, training=True)

    expected = with_gradients(theirs, layer, state)
    if in_graph:
        found = tf.function(lambda: with_gradients(ours, layer, state))()
    else:
        found = with_gradients(ours, layer, state)
    assert len(found) == len(expected)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_comes_near(policy):
    layer = make_layer(dtype=policy)
    exact = make_layer()
    exact.set_weights(layer.get_weights())
    expected = with_gradients(lambda x, s: exact(x, initial_state=s), exact, STATE)

    def ours(x, s):
        results = lstm_sequence(layer, x, s)
        assert {result.dtype.name for result in results} == {policy.removeprefix("mixed_")}
        return [tf.cast(result, "float32") for result in results]

    for left, right in zip(with_gradients(ours, layer, STATE), expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=0.1, atol=0.1 * np.abs(right).max())


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_stack_in_training_equals_one_that_is_not(bidirectional, monkeypatch):
    calls = []
    monkeypatch.setattr(
        tensorflow_lstm, "lstm_sequence", lambda *a: calls.append(a) or lstm_sequence(*a)
    )
    stack = RecurrentStack(units=7, num_layers=2, dropout=0.0, bidirectional=bidirectional)
    stack.build(INPUTS.shape)
    mask = tf.constant(MASK)
    fast, fast_state = stack(INPUTS, padding_mask=mask, training=True)
    assert len(calls) == 2 * (1 + bidirectional)
    plain, plain_state = stack(INPUTS, padding_mask=mask, training=False)
    assert len(calls) == 2 * (1 + bidirectional)
    np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-6)
    for left, right in zip(tf.nest.flatten(fast_state), tf.nest.flatten(plain_state), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
