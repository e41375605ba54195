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


# Options that stand between ids and hidden states; each must hold what follows.
KINDS = {
    "plain": {},
    "dot": {"attention": "dot"},
    "general": {"attention": "general"},
    "two layers": {"attention": "general", "num_layers": 2},
    "first layer": {"attention": "general", "num_layers": 3, "first_layer_attention": True},
}


def _inputs(options, cell="lstm", batch=2):
    memory = np.random.default_rng(2).normal(size=(batch, 4, 8)).astype("float32")
    mask = np.arange(4) < np.array([[3], [4]] * (batch // 2))
    return _state(cell, options.get("num_layers", 1), batch), memory, mask


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_t_steps_equal_one_step_t_times(cell, kind):
    decoder = Decoder(30, 8, 6, cell=cell, output_dim=5, **KINDS[kind])
    state, memory, mask = _inputs(KINDS[kind], cell)
    ids = random_ids(2, 6, 30)

    hidden, last_state, weights = decoder(ids, state, memory, mask)
    state, memory = decoder.prepare(state, memory)
    for step in range(6):
        one, state, one_weights = decoder(ids[:, step : step + 1], state, memory, mask)
        np.testing.assert_allclose(one[:, 0], hidden[:, step], atol=1e-5)
        np.testing.assert_allclose(one_weights[:, 0], weights[:, step], atol=1e-5)
    for layer, stepped in zip(last_state, state, strict=True):
        np.testing.assert_allclose(np.asarray(layer), np.asarray(stepped), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 3])
def test_rows_of_one_source_share_its_memory(kind, steps):
    """K = 3 hypotheses a source need no copy of the memory."""
    decoder = Decoder(30, 8, 6, output_dim=5, **KINDS[kind])
    _, memory, mask = _inputs(KINDS[kind])
    state, _, _ = _inputs(KINDS[kind], batch=6)
    ids = random_ids(6, steps, 30)
    tiled = decoder(ids, state, np.repeat(memory, 3, axis=0), np.repeat(mask, 3, axis=0))
    shared = decoder(ids, *decoder.prepare(state, memory), mask)
    for ours, theirs in zip(keras.tree.flatten(shared), keras.tree.flatten(tiled), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_layers_above_the_first_read_what_attention_found():
    decoder = Decoder(30, 8, 6, num_layers=2, attention="general", first_layer_attention=True)
    state, memory, _ = _inputs({"num_layers": 2})
    hidden, new_state, _ = decoder(random_ids(2, 3, 30), state, memory)
    _, other_state, _ = decoder(random_ids(2, 3, 30), state, -memory)
    np.testing.assert_allclose(new_state[0][0], other_state[0][0], atol=1e-6)
    assert not np.allclose(new_state[1][0], other_state[1][0], atol=1e-2)
    assert hidden.shape == (2, 3, 8)


@pytest.mark.parametrize("options", [{"num_layers": 2}, {"attention": "general"}])
def test_first_layer_attention_needs_attention_and_a_second_layer(options):
    with pytest.raises(ValueError, match="an attention and a layer above the first"):
        Decoder(30, 8, 6, first_layer_attention=True, **options)


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
