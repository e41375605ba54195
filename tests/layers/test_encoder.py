import numpy as np
import pytest
from contracts import check_config_is_complete, random_ids

from keras_seq2seq import Encoder
from keras_seq2seq.layers import CELLS
from keras_seq2seq.layers.memory import is_given


def make(**options):
    return Encoder(30, **{"units": 8, "embedding_dim": 6, "bidirectional": False, **options})


def _numpy(nest):
    return [[np.asarray(t) for t in layer] for layer in nest]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("options", [{}, {"layer_norm": True, "residual": True}])
def test_padding_changes_neither_memory_nor_state(cell, bidirectional, options):
    encoder = make(cell=cell, num_layers=2, bidirectional=bidirectional, **options)
    ids = random_ids(3, 5, 30)
    state, memory = encoder(ids)
    wide_state, wide_memory = encoder(np.pad(ids, ((0, 0), (0, 7))))

    np.testing.assert_allclose(memory.values, wide_memory.values[:, :5], atol=1e-6)
    for layer, wide_layer in zip(_numpy(state), _numpy(wide_state), strict=True):
        np.testing.assert_allclose(layer, wide_layer, atol=1e-6)
    assert np.asarray(memory.mask).all()
    assert np.asarray(wide_memory.mask).sum() == 15


@pytest.mark.parametrize("cell", CELLS)
def test_rows_of_different_length_are_read_as_if_alone(cell):
    encoder = make(cell=cell, bidirectional=True)
    ids = random_ids(3, 6, 30)
    ids[0, 2:] = 0
    ids[1, 4:] = 0
    state, _ = encoder(ids)
    for row, length in enumerate([2, 4, 6]):
        alone, _ = encoder(ids[row : row + 1, :length])
        for together, single in zip(state[0], alone[0], strict=True):
            np.testing.assert_allclose(together[row], single[0], atol=1e-6)


def test_unpadded_promise_gives_the_same_without_a_mask():
    encoder = make(bidirectional=True)
    ids = random_ids(2, 5, 30)
    state, memory = encoder(ids, padded=False)
    expected_state, expected = encoder(ids)
    assert not is_given(memory.mask) and is_given(expected.mask)
    np.testing.assert_allclose(memory.values, expected.values, atol=1e-6)
    np.testing.assert_allclose(state[0][3], expected_state[0][3], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_bidirectional_memory_is_twice_as_wide_and_backward_state_is_that_of_step_one(cell):
    encoder = make(cell=cell, bidirectional=True)
    state, memory = encoder(random_ids(2, 5, 30))
    assert memory.values.shape == (2, 5, 16)
    outputs = (lambda h: np.maximum(h, 0)) if cell == "ssru" else np.asarray
    backward_h = state[0][len(state[0]) // 2]
    np.testing.assert_allclose(outputs(backward_h), memory.values[:, 0, 8:], atol=1e-6)
    np.testing.assert_allclose(outputs(state[0][0]), memory.values[:, -1, :8], atol=1e-6)


def test_starts_from_zero_state():
    """Seed eq. 3, h0 = 0, and the LSTM by hand for one step."""
    encoder = make(units=4, embedding_dim=3)
    ids = random_ids(1, 1, 30)
    _, memory = encoder(ids)
    embedded = np.asarray(encoder.embedding(ids))[0, 0]
    cell = encoder.rnn.forward_layers[0].cell
    gates = embedded @ np.asarray(cell.kernel) + np.asarray(cell.bias)
    i, _, c, o = np.split(gates, 4)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    expected = sigmoid(o) * np.tanh(sigmoid(i) * np.tanh(c))
    np.testing.assert_allclose(np.asarray(memory.values)[0, 0], expected, atol=1e-6)


def test_config():
    check_config_is_complete(make(cell="gru", num_layers=2, dropout=0.1, name="e"))
    finer = {"embedding_dropout": 0.2, "layer_dropout": 0.0, "memory_dropout": 0.3}
    others = {"token_dropout": 0.1, "recurrent_dropout": 0.1, "variational_dropout": True}
    check_config_is_complete(make(layer_norm=True, residual=True, **finer, **others))


def test_unknown_cell_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'lstm'"):
        make(cell="ltsm")


@pytest.mark.parametrize("padded", [True, False])
def test_the_memory_holds_the_source_and_its_embeddings_beside_the_outputs(padded):
    encoder = make(bidirectional=True)
    ids = random_ids(2, 5, 30)
    _, memory = encoder(ids, padded=padded)
    assert memory.values.shape == (2, 5, 16)
    np.testing.assert_array_equal(memory.source_ids, ids)
    np.testing.assert_array_equal(memory.embedded, encoder.embedding(ids))
    assert not is_given(memory.keys) and not is_given(memory.token_norms)


def test_the_embeddings_in_the_memory_are_those_that_were_read():
    """In training: with what dropout left of them."""
    encoder = make(embedding_dropout=0.5)
    _, memory = encoder(random_ids(2, 5, 30), training=True)
    assert (np.asarray(memory.embedded) == 0).any()
