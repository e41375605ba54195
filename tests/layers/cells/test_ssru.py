"""SSRU against the equations of Kim et al., 2019, and its gradient against that of its steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.layers.cells.ssru import SSRU

RANDOM = np.random.default_rng(2)
INPUTS = RANDOM.normal(size=(3, 6, 4)).astype("float32")
MASK = np.arange(6) < np.array([[6], [1], [4]])
STATE = RANDOM.normal(size=(3, 5)).astype("float32")


def make(**options):
    layer = SSRU(5, **options)
    layer.build(INPUTS.shape)
    layer.set_weights([RANDOM.normal(size=w.shape) for w in layer.weights])
    return layer


@pytest.mark.parametrize("state", [None, STATE], ids=["zeros", "state"])
def test_equals_the_paper(state):
    """f = sigmoid(Wf x + b), c = f c + (1 - f) W x, o = relu(c)."""
    layer = make()
    (w_f, w), b = np.split(layer.kernel.numpy(), 2, axis=-1), layer.bias.numpy()
    c, expected = np.zeros((3, 5)) if state is None else state, []
    for step in range(6):
        x = INPUTS[:, step]
        f = 1 / (1 + np.exp(-(x @ w_f + b)))
        c = f * c + (1 - f) * (x @ w)
        expected.append(np.maximum(c, 0))
    outputs, (last,) = layer.sequence(INPUTS, None if state is None else [tf.constant(state)])
    np.testing.assert_allclose(outputs, np.stack(expected, axis=1), atol=1e-5)
    np.testing.assert_allclose(last, c, atol=1e-5)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_that_of_its_steps(masked, backwards):
    layer = make(go_backwards=backwards)
    inputs, state = tf.constant(INPUTS), tf.constant(STATE)
    sources = [inputs, state, *(w.value for w in layer.trainable_weights)]
    mask = tf.constant(MASK) if masked else None

    def at_once():
        outputs, (last,) = layer.sequence(inputs, [state], mask, training=True)
        return outputs, last

    def step_by_step():
        carry, outputs = [state], []
        for step in reversed(range(6)) if backwards else range(6):
            output, after = layer.step(inputs[:, step], carry)
            if masked:
                real = mask[:, step, None]
                after = [tf.where(real, after[0], carry[0])]
                output = tf.where(real, output, tf.nn.relu(carry[0]))
            carry = after
            outputs.append(output)
        return tf.stack(outputs, axis=1), carry[0]

    found = []
    for run in (at_once, tf.function(at_once), step_by_step):
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs, last = run()
            weights = tf.reshape(tf.sin(tf.range(90, dtype="float32")), outputs.shape)
            total = tf.reduce_sum(outputs * weights) + tf.reduce_sum(tf.square(last))
        found.append([outputs, last, *tape.gradient(total, sources)])
    for ours, in_graph, expected in zip(*found, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-5)
        np.testing.assert_allclose(in_graph, expected, atol=1e-5)


def test_a_long_sequence_in_half_precision_keeps_a_float32_state():
    """Sums of 300 small steps: bfloat16 alone would stand still."""
    layer, exact = make(dtype="mixed_bfloat16"), make()
    layer.set_weights(exact.get_weights())
    layer.bias.assign([8.0] * 5)
    exact.bias.assign([8.0] * 5)
    inputs = np.abs(RANDOM.normal(size=(2, 300, 4))).astype("float32")
    outputs, _ = layer.sequence(keras.ops.cast(inputs, "bfloat16"))
    expected, _ = exact.sequence(inputs)
    np.testing.assert_allclose(
        keras.ops.cast(outputs, "float32"), expected, atol=0.02 * np.abs(expected).max()
    )


def test_there_is_no_recurrent_product_to_drop_from():
    with pytest.raises(ValueError, match="recurrent_dropout=0.1, but there is no recurrent prod"):
        SSRU(5, recurrent_dropout=0.1)
