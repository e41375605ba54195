import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import Bridge


def _state(layers=2, tensors=4, units=3):
    random = np.random.default_rng(0)
    return [
        [keras.ops.array(random.normal(size=(2, units)).astype("float32")) for _ in range(tensors)]
        for _ in range(layers)
    ]


def test_concat_joins_h_with_h_and_c_with_c():
    state = _state()
    for bridged, (h_f, c_f, h_b, c_b) in zip(Bridge(6, directions=2)(state), state, strict=True):
        np.testing.assert_array_equal(bridged[0], np.concatenate([h_f, h_b], -1))
        np.testing.assert_array_equal(bridged[1], np.concatenate([c_f, c_b], -1))


def test_one_direction_passes_unchanged():
    """Seed eq. 6: the decoder starts from the encoder's last state."""
    state = _state(tensors=2)
    bridged = Bridge(3)(state)
    np.testing.assert_array_equal(np.asarray(bridged), np.asarray(state))


def test_sum_dense_and_zero_have_the_decoders_width():
    state = _state()
    summed = Bridge(3, "sum", directions=2)(state)
    np.testing.assert_allclose(summed[1][0], state[1][0] + state[1][2], atol=1e-6)
    dense = Bridge(5, "dense", directions=2)(state)
    assert dense[1][1].shape == (2, 5)
    assert not np.allclose(dense[0][0], dense[0][1])
    zero = Bridge(7, "zero", directions=2)(state)
    np.testing.assert_array_equal(zero[0][0], np.zeros((2, 7)))


@pytest.mark.parametrize(
    ("encoder_layers", "decoder_layers", "starts_from"),
    [(2, None, [0, 1]), (1, 3, [0, 0, 0]), (2, 3, [0, 1, 1]), (3, 2, [1, 2]), (3, 1, [2])],
)
@pytest.mark.parametrize("mode", ["concat", "dense"])
def test_every_decoder_layer_has_an_encoder_layer_to_start_from(
    mode, encoder_layers, decoder_layers, starts_from
):
    state = _state(layers=encoder_layers)
    bridge = Bridge(6, mode, directions=2, num_layers=decoder_layers)
    bridged = bridge(state)
    expected = [state[layer] for layer in starts_from]
    if mode == "dense":
        assert len(bridge.dense_layers) == len(bridged) == len(starts_from)
        assert (
            len({id(layer) for pair in bridge.dense_layers for layer in pair})
            == len(bridge.trainable_weights) / 2
        )
    else:
        plain = Bridge(6, directions=2)(expected)
        np.testing.assert_array_equal(np.asarray(bridged), np.asarray(plain))


def test_widths_that_do_not_fit_say_what_would():
    with pytest.raises(ValueError, match="Give the decoder 6 units or use mode='dense'"):
        Bridge(4, directions=2)(_state())


def test_config():
    check_config_is_complete(Bridge(6, "dense", directions=2, num_layers=3))
