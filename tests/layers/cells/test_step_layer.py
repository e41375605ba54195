"""What holds for everything that runs over time: all cells, and self-attention with a cache."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import check_config_is_complete
from keras import ops
from layers.cells.causal_self_attention import CausalSelfAttention

from keras_seq2seq import RecurrentStack
from keras_seq2seq.decoding.beam.beam_search import beam_search
from keras_seq2seq.decoding.greedy import greedy_search
from keras_seq2seq.layers import CELLS, StepLayer

ALL = [*CELLS, "self_attention"]
TOLERANCE = {"float32": 1e-5, "mixed_bfloat16": 0.05}
RANDOM = np.random.default_rng(5)
INPUTS = RANDOM.normal(size=(3, 6, 4)).astype("float32")
LENGTHS = [6, 1, 4]
MASK = np.arange(6) < np.array(LENGTHS)[:, None]


@pytest.fixture(autouse=True, scope="module")
def _one_from_outside():
    CELLS.register("self_attention")(CausalSelfAttention)
    yield
    CELLS._classes.pop("self_attention")  # other tests shall find what the library has


@pytest.fixture(params=TOLERANCE)
def policy(request):
    return request.param


def make(cell, policy="float32", like=None, **options):
    """A built layer with weights at random, or with those of another one."""
    layer = CELLS[cell](5, dtype=policy, **options)
    layer.build((None, None, 4))
    random = np.random.default_rng(6)
    weights = like.get_weights() if like else [random.normal(size=w.shape) for w in layer.weights]
    layer.set_weights(weights)
    return layer


def given(layer, inputs=INPUTS):
    return ops.cast(inputs, layer.compute_dtype)


def run_steps(layer, inputs, state):
    outputs = []
    for step in range(inputs.shape[1]):
        output, state = layer.step(inputs[:, step], state)
        outputs.append(output)
    return ops.stack(outputs, axis=1), state


def check_equal(found, expected, policy="float32"):
    found, expected = keras.tree.flatten(found), keras.tree.flatten(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert ours.dtype == theirs.dtype
        left, right = (ops.convert_to_numpy(ops.cast(x, "float32")) for x in (ours, theirs))
        np.testing.assert_allclose(left, right, atol=TOLERANCE[policy])


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", ALL)
def test_a_sequence_equals_its_steps(cell, policy, training):
    layer = make(cell, policy)
    inputs = given(layer)
    found = layer.sequence(inputs, training=training)
    check_equal(found, run_steps(layer, inputs, layer.initial_state(3, 6)), policy)
    assert found[0].shape == (3, 6, 5) and found[0].dtype == layer.compute_dtype


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", ALL)
def test_a_sequence_goes_on_where_another_one_ended(cell, policy, training):
    layer = make(cell, policy)
    inputs = given(layer)
    whole, last = layer.sequence(inputs, layer.initial_state(3, 6))
    first, state = layer.sequence(inputs[:, :2], layer.initial_state(3, 6), training=training)
    second, state = layer.sequence(inputs[:, 2:], state, training=training)
    check_equal((ops.concatenate([first, second], axis=1), state), (whole, last), policy)


@pytest.mark.parametrize("cell", ALL)
def test_no_step_changes_the_shape_or_type_of_the_state(cell, policy):
    layer = make(cell, policy)
    state = layer.initial_state(3, 9)
    kinds = [(tuple(tensor.shape), tensor.dtype) for tensor in state]
    assert all(shape[0] == 3 for shape, _ in kinds)
    _, stepped = layer.step(given(layer)[:, 0], state)
    _, read = layer.sequence(given(layer), state)
    for after in (stepped, read):
        assert [(tuple(tensor.shape), tensor.dtype) for tensor in after] == kinds


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", ALL)
def test_padding_and_company_change_nothing(cell, policy, training, backwards):
    layer = make(cell, policy, go_backwards=backwards)
    inputs = np.where(MASK[..., None], INPUTS, 50.0)
    outputs, state = layer.sequence(given(layer, inputs), None, tf.constant(MASK), training)
    for row, length in enumerate(LENGTHS):
        alone = given(layer, INPUTS[row : row + 1, :length])
        alone_outputs, alone_state = layer.sequence(alone, training=training)
        real = slice(6 - length, None) if backwards else slice(length)
        check_equal(outputs[row : row + 1, real], alone_outputs, policy)
        for ours, theirs in zip(state, alone_state, strict=True):
            if cell == "self_attention" and len(theirs.shape) == 3:  # a cache of all six
                ours, rest = ours[:, :length], ours[row, length:]
                np.testing.assert_array_equal(ops.cast(rest, "float32"), 0)
            check_equal(ours[row : row + 1], theirs, policy)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", ALL)
def test_backwards_is_the_reversed_sequence(cell, policy, training):
    layer = make(cell, policy)
    backwards = make(cell, policy, like=layer, go_backwards=True)
    found = backwards.sequence(given(layer), training=training)
    check_equal(found, layer.sequence(given(layer, INPUTS[:, ::-1]), training=training), policy)
    forward, _ = layer.sequence(given(layer), training=training)
    assert not np.allclose(*(ops.cast(x, "float32") for x in (found[0], forward)))


@pytest.mark.parametrize("cell", ALL)
def test_steps_run_in_any_loop(cell, policy):
    """A loop in a graph refuses a state whose shape or type changes."""
    layer = make(cell, policy)
    inputs = given(layer)

    @tf.function(autograph=False)
    def run():
        def body(time, output, state):
            output, state = layer.step(ops.take(inputs, time, axis=1), state)
            return time + 1, output, state

        start = 0, ops.zeros((3, 5), dtype=layer.compute_dtype), layer.initial_state(3, 6)
        return ops.while_loop(lambda time, *_: time < 6, body, start)[1:]

    outputs, state = layer.sequence(inputs)
    check_equal(run(), (outputs[:, -1], state), policy)


def make_search_step(layer):
    """A language model without anything else: ids -> embedding -> step -> logits."""
    random = np.random.default_rng(8)
    table, kernel = (random.normal(size=shape).astype("float32") for shape in ((12, 4), (5, 12)))

    def step(ids, state):
        output, state = layer.step(given(layer, ops.take(table, ids, axis=0)), state)
        return ops.matmul(ops.cast(output, "float32"), kernel), state

    def logits(ids):
        outputs, _ = layer.sequence(given(layer, ops.take(table, ids, axis=0)))
        return ops.matmul(ops.cast(outputs, "float32"), kernel)

    return step, logits


START = np.array([2, 5, 7, 8], "int32")
SEARCH = {"max_length": 7, "eos_id": 12, "pad_id": 0}  # no search can choose this EOS


@pytest.mark.parametrize("cell", ALL)
def test_greedy_search_over_steps_finds_what_the_sequence_says(cell, policy):
    layer = make(cell, policy)
    step, logits = make_search_step(layer)
    search = tf.function(lambda: greedy_search(step, layer.initial_state(4, 7), START, **SEARCH))
    ids = np.asarray(search().ids)
    read = np.concatenate([START[:, None], ids[:, :-1]], axis=1)
    scores = np.asarray(logits(read))
    chosen = np.take_along_axis(scores, ids[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(chosen, scores.max(-1), atol=TOLERANCE[policy])
    assert len({tuple(row) for row in ids}) > 1


@pytest.mark.parametrize("cell", ALL)
def test_a_beam_search_may_reorder_the_state(cell):
    layer = make(cell)
    step, logits = make_search_step(layer)
    search = tf.function(
        lambda: beam_search(step, layer.initial_state(4, 7), START, beam_size=3, **SEARCH)
    )
    result = search()
    ids = np.asarray(result.ids)[:, 0]
    read = np.concatenate([START[:, None], ids[:, :-1]], axis=1)
    log_p = np.asarray(ops.log_softmax(logits(read), axis=-1))
    chosen = np.take_along_axis(log_p, ids[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(np.asarray(result.score)[:, 0], chosen.sum(-1), atol=1e-4)


@pytest.mark.parametrize("cell", ALL)
def test_a_layer_is_saved_and_loaded(cell, policy, tmp_path):
    check_config_is_complete(make(cell, policy, go_backwards=True, use_cudnn=False, name="cell"))
    inputs = keras.Input((None, 4))
    stack = RecurrentStack(units=5, cell=cell, num_layers=2, dropout=0.0, dtype=policy)
    model = keras.Model(inputs, stack(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    check_equal(loaded(INPUTS), model(INPUTS))


def test_a_layer_without_its_three_methods_cannot_be_made():
    class Half(StepLayer):
        def step(self, inputs, state):
            return inputs, state

    with pytest.raises(TypeError, match="initial_state.*sequence"):
        Half()
    with pytest.raises(TypeError, match="initial_state.*sequence.*step"):
        StepLayer()
