import keras
import numpy as np
import pytest
from contracts import check_config_is_complete, random_ids

from keras_seq2seq import Decoder
from keras_seq2seq.layers import CELLS
from keras_seq2seq.layers.memory import Memory
from keras_seq2seq.specs.config_error import ConfigError


def make(**options):
    """A decoder without what `options` do not name."""
    plain = {"attention": None, "lexical_model": False, "dropout": 0.0}
    return Decoder(30, **{"units": 8, "embedding_dim": 6, **plain, **options})


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
    "additive": {"attention": "additive"},
    "heads": {"attention": "scaled_dot", "attention_heads": 2},
    "additive heads": {"attention": "additive", "attention_heads": 4},
    "norm": {"attention": "general", "num_layers": 3, "layer_norm": True, "residual": True},
    "feeding": {"attention": "general", "input_feeding": True},
    "feeding, two layers": {"attention": "dot", "num_layers": 2, "input_feeding": True},
    "first layer": {"attention": "general", "num_layers": 3, "first_layer_attention": True},
    "lexical": {
        "attention": "dot",
        "num_layers": 2,
        "first_layer_attention": True,
        "lexical_model": True,
    },
    "lexical, feeding": {"attention": "general", "input_feeding": True, "lexical_model": True},
}


def _inputs(options, cell="lstm", batch=2):
    numbers = np.random.default_rng(2).normal(size=(batch, 4, 8 + 5)).astype("float32")
    mask = np.arange(4) < np.array([[3], [4]] * (batch // 2))
    memory = Memory(random_ids(batch, 4, 30), mask, numbers[..., :8], numbers[..., 8:])
    return _state(cell, options.get("num_layers", 1), batch), memory


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", CELLS)
def test_t_steps_equal_one_step_t_times(cell, kind):
    decoder = make(embedding_dim=5, cell=cell, output_dim=5, **KINDS[kind])
    state, memory = _inputs(KINDS[kind], cell)
    ids = random_ids(2, 6, 30)

    hidden, last_state, weights = decoder(ids, state, memory)
    state, memory = decoder.prepare(state, memory)
    for step in range(6):
        one, state, one_weights = decoder(ids[:, step : step + 1], state, memory)
        np.testing.assert_allclose(one[:, 0], hidden[:, step], atol=1e-5)
        np.testing.assert_allclose(one_weights[:, 0], weights[:, step], atol=1e-5)
    for layer, stepped in zip(last_state, state, strict=True):
        np.testing.assert_allclose(np.asarray(layer), np.asarray(stepped), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 3])
def test_rows_of_one_source_share_its_memory(kind, steps):
    """K = 3 hypotheses a source need no copy of the memory."""
    decoder = make(embedding_dim=5, output_dim=5, **KINDS[kind])
    _, memory = _inputs(KINDS[kind])
    state, _ = _inputs(KINDS[kind], batch=6)
    ids = random_ids(6, steps, 30)
    repeated = [np.repeat(field, 3, axis=0) for field in memory[:4]]
    tiled = decoder(ids, state, Memory(*repeated))
    shared = decoder(ids, *decoder.prepare(state, memory))
    for ours, theirs in zip(keras.tree.flatten(shared), keras.tree.flatten(tiled), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"input_feeding": True}], ids=str)
def test_a_memory_without_a_mask_is_one_without_padding(options):
    decoder = make(attention="general", **options)
    state, memory = _inputs(options)
    whole = memory._replace(mask=np.ones((2, 4), bool))
    ids = random_ids(2, 3, 30)
    for ours, theirs in zip(
        keras.tree.flatten(decoder(ids, state, memory._replace(mask=()))),
        keras.tree.flatten(decoder(ids, state, whole)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_layers_above_the_first_read_what_attention_found():
    decoder = make(num_layers=2, attention="general", first_layer_attention=True)
    state, memory = _inputs({"num_layers": 2})
    hidden, new_state, _ = decoder(random_ids(2, 3, 30), state, memory)
    other = memory._replace(values=-memory.values)
    _, other_state, _ = decoder(random_ids(2, 3, 30), state, other)
    np.testing.assert_allclose(new_state[0][0], other_state[0][0], atol=1e-6)
    assert not np.allclose(new_state[1][0], other_state[1][0], atol=1e-2)
    assert hidden.shape == (2, 3, 8)


def test_input_feeding_reads_what_the_step_before_found():
    decoder = make(attention="general", input_feeding=True)
    state, memory = _inputs({})
    ids = random_ids(2, 2, 30)
    hidden, new_state, _ = decoder(ids, state, memory)
    np.testing.assert_array_equal(new_state[-1][0], hidden[:, -1])
    assert decoder.rnn.forward_layers[0].cell.kernel.shape == (6 + 8, 4 * 8)
    state, memory = decoder.prepare(state, memory)
    np.testing.assert_array_equal(state[-1][0], np.zeros((2, 8)))
    _, state, _ = decoder(ids[:, :1], state, memory)
    fed = state[:-1] + [[state[-1][0] + 1.0]]
    assert not np.allclose(decoder(ids[:, 1:], fed, memory)[0], hidden[:, 1:], atol=1e-3)


def test_input_feeding_has_the_gradient_of_its_steps():
    import tensorflow as tf

    decoder = make(num_layers=2, attention="general", input_feeding=True)
    first, memory = _inputs({"num_layers": 2})
    values, ids = tf.constant(memory.values), random_ids(2, 5, 30)
    memory = memory._replace(values=values)
    decoder(ids, first, memory)

    def in_one_call():
        return decoder(ids, first, memory)[0]

    def step_by_step():
        state, prepared = decoder.prepare(first, memory)
        outputs = []
        for step in range(5):
            hidden, state, _ = decoder(ids[:, step : step + 1], state, prepared)
            outputs.append(hidden)
        return tf.concat(outputs, axis=1)

    gradients = []
    for run in (in_one_call, tf.function(in_one_call), step_by_step):
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = tf.reduce_sum(run() ** 2)
        sources = [values, *(w.value for w in decoder.trainable_weights)]
        gradients.append([tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, sources)])
    for ours, compiled, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-5)
        np.testing.assert_allclose(compiled, expected, atol=1e-5)


@pytest.mark.parametrize("option", ["layer_dropout", "projection_dropout", "hidden_dropout"])
def test_input_feeding_drops_in_training(option):
    options = {"num_layers": 2, "attention": "general", "input_feeding": True, option: 0.5}
    decoder = make(**options)
    inputs = random_ids(2, 5, 30), *_inputs(options)
    calm = decoder(*inputs)[0]
    np.testing.assert_array_equal(calm, decoder(*inputs)[0])
    assert not np.allclose(decoder(*inputs, training=True)[0], decoder(*inputs, training=True)[0])


@pytest.mark.parametrize(
    "options",
    [
        {"attention_dropout": 0.1},
        {"recurrent_dropout": 0.1},
        {"first_layer_attention": True, "num_layers": 2},
    ],
)
def test_what_input_feeding_does_not_go_with_is_refused(options):
    with pytest.raises(ConfigError, match="decoder.input_feeding does not go with decoder."):
        make(attention="general", input_feeding=True, **options)
    with pytest.raises(ConfigError, match='input_feeding has no effect with decoder.attention = "'):
        make(input_feeding=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"num_layers": 2}, "first_layer_attention has no effect with decoder.attention"),
        ({"attention": "general"}, "first_layer_attention needs a decoder layer above the first"),
    ],
)
def test_first_layer_attention_needs_attention_and_a_second_layer(options, said):
    with pytest.raises(ConfigError, match=said):
        make(first_layer_attention=True, **options)


def test_the_lexical_model_is_what_the_paper_says():
    """Nguyen and Chiang, 2018: f = tanh(sum a f_s) and h + tanh(Wl f) + f, in NumPy."""
    options = {"embedding_dim": 5, "attention": "general", "output_dim": 5}
    plain, lexical = make(**options), make(lexical_model=True, **options)
    state, memory = _inputs({})
    ids = random_ids(2, 3, 30)
    lexical(ids, state, memory)
    plain(ids, state, memory)
    *shared, kernel = lexical.get_weights()
    plain.set_weights(shared)
    hidden, _, weights = plain(ids, state, memory)
    found = np.tanh(np.asarray(weights) @ memory.embedded)
    expected = hidden + np.tanh(found @ kernel) + found
    np.testing.assert_allclose(lexical(ids, state, memory)[0], expected, atol=1e-5)


def test_the_lexical_model_needs_the_width_of_embeddings_and_has_it_by_itself():
    with pytest.raises(ValueError, match="needs output_dim = embedding_dim = 6, got 8"):
        make(lexical_model=True, attention="dot", output_dim=8)
    assert make(lexical_model=True, attention="dot").hidden_dim == 6
    assert make(lexical_model=True, attention="dot", output_dim=6).hidden_dim == 6


def test_without_attention_there_is_no_lexical_model():
    decoder = make(lexical_model=True)
    assert not decoder.spec.has_lexical_model and decoder.lexical_layer is None
    assert decoder.hidden_dim == 8
    assert make(lexical_model=True, output_dim=5).hidden_dim == 5


def test_later_tokens_do_not_change_earlier_states():
    decoder = make()
    ids = random_ids(2, 6, 30)
    other = ids.copy()
    other[:, 4:] = 7
    hidden, _, _ = decoder(ids, _state("lstm", 1))
    changed, _, _ = decoder(other, _state("lstm", 1))
    np.testing.assert_allclose(hidden[:, :4], changed[:, :4], atol=1e-6)
    assert not np.allclose(hidden[:, 4:], changed[:, 4:])


def test_the_plain_decoder_hands_out_the_rnn_state_itself():
    """Seed eq. 6: without attention there is nothing between RNN and generator."""
    decoder = make()
    hidden, state, weights = decoder(random_ids(2, 3, 30), _state("lstm", 1))
    np.testing.assert_allclose(hidden[:, -1], state[0][0], atol=1e-6)
    assert decoder.projection is None
    assert weights.shape == (2, 3, 0)


def test_attention_without_memory_is_refused():
    with pytest.raises(ValueError, match="needs the encoder's memory"):
        make(attention="general")(random_ids(2, 3, 30), _state("lstm", 1))


def test_dot_attention_over_another_width_is_refused():
    with pytest.raises(ValueError, match="use score='general'"):
        make(attention="dot")(
            random_ids(2, 3, 30),
            _state("lstm", 1),
            Memory(keras.ops.ones((2, 4)), (), keras.ops.ones((2, 4, 5)), ()),
        )


def test_config():
    check_config_is_complete(
        make(cell="gru", attention="general", output_dim=5, dropout=0.2, name="d")
    )
    check_config_is_complete(
        make(
            num_layers=2,
            attention="additive",
            first_layer_attention=True,
            embedding_dropout=0.1,
            layer_dropout=0.2,
            hidden_dropout=0.0,
            token_dropout=0.1,
            attention_dropout=0.1,
            projection_dropout=0.1,
            recurrent_dropout=0.1,
            variational_dropout=True,
            layer_norm=True,
            residual=True,
            attention_heads=2,
        )
    )
