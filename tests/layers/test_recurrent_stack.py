import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import RecurrentStack


def make(**options):
    return RecurrentStack(**{"units": 5, "dropout": 0.0, **options})


def test_one_layer_is_the_keras_layer():
    stack = make()
    inputs = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    outputs, _ = stack(inputs)
    plain = keras.layers.LSTM(5, return_sequences=True)
    plain.build(inputs.shape)
    plain.set_weights(stack.get_weights()[:3])
    np.testing.assert_allclose(outputs, plain(inputs), atol=1e-6)


def test_dropout_between_layers_acts_in_training_only():
    stack = make(units=16, num_layers=2, dropout=0.5)
    inputs = np.ones((2, 4, 3), "float32")
    np.testing.assert_array_equal(stack(inputs)[0], stack(inputs)[0])
    assert not np.allclose(stack(inputs, training=True)[0], stack(inputs)[0])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_layers_are_added_to_their_input_then_normalised(layer_norm, residual, bidirectional):
    options = {"bidirectional": bidirectional, "layer_norm": layer_norm, "residual": residual}
    stack = make(units=4, num_layers=2, **options)
    inputs = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    outputs, _ = stack(inputs)
    expected = inputs
    for index in range(2):
        below = expected
        expected = np.asarray(stack.forward_layers[index](below)[0])
        if bidirectional:
            back = np.asarray(stack.backward_layers[index](below)[0])[:, ::-1]
            expected = np.concatenate([expected, back], axis=-1)
        if residual and index:  # the first layer's input is of another width
            expected = expected + below
        if layer_norm:
            spread = expected.std(-1, keepdims=True) ** 2 + 1e-3
            expected = (expected - expected.mean(-1, keepdims=True)) / spread**0.5
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_recurrent_dropout_leaves_no_mask_behind():
    stack = make(units=16, recurrent_dropout=0.5)
    inputs = np.ones((2, 4, 3), "float32")
    state = [[np.ones((2, 16), "float32")] * 2]
    assert not np.allclose(stack(inputs, training=True)[0], stack(inputs, training=True)[0])
    one_step = stack(inputs[:, :1], state, training=True)[0]
    assert not np.allclose(one_step, stack(inputs[:, :1], state, training=True)[0])
    np.testing.assert_array_equal(stack(inputs)[0], stack(inputs)[0])


def test_context_is_joined_to_the_input_of_every_layer():
    stack = make(units=4, num_layers=2)
    random = np.random.default_rng(0)
    inputs, context = (random.normal(size=(2, 5, n)).astype("float32") for n in (3, 6))
    outputs, _ = stack(inputs, context=context)
    assert [layer.cell.kernel.shape[0] for layer in stack.forward_layers] == [3 + 6, 4 + 6]
    expected = inputs
    for layer in stack.forward_layers:
        expected = layer(np.concatenate([expected, context], axis=-1))[0]
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_bidirectional_takes_no_state():
    with pytest.raises(ValueError, match="starts from zeros"):
        make(bidirectional=True)(np.ones((1, 2, 3)), [[np.zeros((1, 5))] * 4])


def test_config():
    check_config_is_complete(
        RecurrentStack(
            None, True, False, units=5, cell="gru", num_layers=2, dropout=0.1, name="stack"
        )
    )
    options = {"recurrent_dropout": 0.1, "variational_dropout": True}
    check_config_is_complete(make(layer_norm=True, residual=True, **options))
