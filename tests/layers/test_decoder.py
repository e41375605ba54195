import keras
import numpy as np
import pytest
from contracts import check_config_is_complete, random_ids

from keras_seq2seq import Decoder


def _state(cell, layers, batch=2, units=8):
    random = np.random.default_rng(1)
    count = 2 if cell == "lstm" else 1
    return [
        [keras.ops.array(random.normal(size=(batch, units)).astype("float32"))] * count
        for _ in range(layers)
    ]


@pytest.mark.parametrize("attention", [None, "dot", "general"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_t_steps_equal_one_step_t_times(cell, layers, attention):
    decoder = Decoder(30, 8, 6, cell=cell, num_layers=layers, attention=attention, output_dim=5)
    memory = keras.ops.array(np.random.default_rng(2).normal(size=(2, 4, 8)).astype("float32"))
    mask = keras.ops.array([[True, True, True, False], [True] * 4])
    ids = random_ids(2, 6, 30)
    state = _state(cell, layers)

    hidden, last_state, weights = decoder(ids, state, memory, mask)
    for step in range(6):
        one, state, one_weights = decoder(ids[:, step : step + 1], state, memory, mask)
        np.testing.assert_allclose(one[:, 0], hidden[:, step], atol=1e-5)
        np.testing.assert_allclose(one_weights[:, 0], weights[:, step], atol=1e-5)
    for layer, stepped in zip(last_state, state, strict=True):
        np.testing.assert_allclose(np.asarray(layer), np.asarray(stepped), atol=1e-5)


def test_later_tokens_do_not_change_earlier_states():
    decoder = Decoder(30, 8, 6)
    ids = random_ids(2, 6, 30)
    other = ids.copy()
    other[:, 4:] = 7
    hidden, _, _ = decoder(ids, _state("lstm", 1))
    changed, _, _ = decoder(other, _state("lstm", 1))
    np.testing.assert_allclose(hidden[:, :4], changed[:, :4], atol=1e-6)
    assert not np.allclose(hidden[:, 4:], changed[:, 4:])


def test_the_plain_decoder_hands_out_the_rnn_state_itself():
    """Seed eq. 6: without attention there is nothing between RNN and generator."""
    decoder = Decoder(30, 8, 6)
    hidden, state, weights = decoder(random_ids(2, 3, 30), _state("lstm", 1))
    np.testing.assert_allclose(hidden[:, -1], state[0][0], atol=1e-6)
    assert decoder.projection is None
    assert weights.shape == (2, 3, 0)


def test_attention_without_memory_is_refused():
    with pytest.raises(ValueError, match="needs the encoder's memory"):
        Decoder(30, 8, 6, attention="general")(random_ids(2, 3, 30), _state("lstm", 1))


def test_dot_attention_over_another_width_is_refused():
    with pytest.raises(ValueError, match="use score='general'"):
        Decoder(30, 8, 6, attention="dot")(
            random_ids(2, 3, 30), _state("lstm", 1), keras.ops.ones((2, 4, 5))
        )


def test_config():
    check_config_is_complete(
        Decoder(30, 8, 6, cell="gru", attention="general", output_dim=5, dropout=0.2, name="d")
    )
