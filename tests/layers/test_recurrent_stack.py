import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import RecurrentStack


def test_one_layer_is_the_keras_layer():
    stack = RecurrentStack(5)
    inputs = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    outputs, _ = stack(inputs)
    plain = keras.layers.LSTM(5, return_sequences=True)
    plain.build(inputs.shape)
    plain.set_weights(stack.get_weights()[:3])
    np.testing.assert_allclose(outputs, plain(inputs), atol=1e-6)


def test_dropout_between_layers_acts_in_training_only():
    stack = RecurrentStack(16, num_layers=2, dropout=0.5)
    inputs = np.ones((2, 4, 3), "float32")
    np.testing.assert_array_equal(stack(inputs)[0], stack(inputs)[0])
    assert not np.allclose(stack(inputs, training=True)[0], stack(inputs)[0])


def test_bidirectional_takes_no_state():
    with pytest.raises(ValueError, match="starts from zeros"):
        RecurrentStack(5, bidirectional=True)(np.ones((1, 2, 3)), [[np.zeros((1, 5))] * 4])


def test_config():
    check_config_is_complete(RecurrentStack(5, "gru", 2, True, 0.1, False, name="stack"))
