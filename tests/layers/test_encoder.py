import numpy as np
import pytest
from contracts import check_config_is_complete, random_ids

from keras_seq2seq import Encoder

CELLS = ["lstm", "gru"]


def _numpy(nest):
    return [[np.asarray(t) for t in layer] for layer in nest]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("options", [{}, {"layer_norm": True, "residual": True}])
def test_padding_changes_neither_memory_nor_state(cell, bidirectional, options):
    encoder = Encoder(30, 8, 6, cell=cell, num_layers=2, bidirectional=bidirectional, **options)
    ids = random_ids(3, 5, 30)
    memory, state, mask = encoder(ids)
    wide_memory, wide_state, wide_mask = encoder(np.pad(ids, ((0, 0), (0, 7))))

    np.testing.assert_allclose(memory, wide_memory[:, :5], atol=1e-6)
    for layer, wide_layer in zip(_numpy(state), _numpy(wide_state), strict=True):
        np.testing.assert_allclose(layer, wide_layer, atol=1e-6)
    assert np.asarray(mask).all()
    assert np.asarray(wide_mask).sum() == 15


@pytest.mark.parametrize("cell", CELLS)
def test_rows_of_different_length_are_read_as_if_alone(cell):
    encoder = Encoder(30, 8, 6, cell=cell, bidirectional=True)
    ids = random_ids(3, 6, 30)
    ids[0, 2:] = 0
    ids[1, 4:] = 0
    _, state, _ = encoder(ids)
    for row, length in enumerate([2, 4, 6]):
        _, alone, _ = encoder(ids[row : row + 1, :length])
        for together, single in zip(state[0], alone[0], strict=True):
            np.testing.assert_allclose(together[row], single[0], atol=1e-6)


def test_unpadded_promise_gives_the_same_without_a_mask():
    encoder = Encoder(30, 8, 6, bidirectional=True)
    ids = random_ids(2, 5, 30)
    memory, state, mask = encoder(ids, padded=False)
    expected, expected_state, _ = encoder(ids)
    assert mask is None
    np.testing.assert_allclose(memory, expected, atol=1e-6)
    np.testing.assert_allclose(state[0][3], expected_state[0][3], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_bidirectional_memory_is_twice_as_wide_and_backward_state_is_that_of_step_one(cell):
    encoder = Encoder(30, 8, 6, cell=cell, bidirectional=True)
    memory, state, _ = encoder(random_ids(2, 5, 30))
    assert memory.shape == (2, 5, 16)
    backward_h = state[0][len(state[0]) // 2]
    np.testing.assert_allclose(backward_h, memory[:, 0, 8:], atol=1e-6)
    np.testing.assert_allclose(state[0][0], memory[:, -1, :8], atol=1e-6)


def test_starts_from_zero_state():
    """Seed eq. 3, h0 = 0, and the LSTM by hand for one step."""
    encoder = Encoder(30, 4, 3)
    ids = random_ids(1, 1, 30)
    memory, _, _ = encoder(ids)
    embedded = np.asarray(encoder.embedding(ids))[0, 0]
    cell = encoder.rnn.forward_layers[0].cell
    gates = embedded @ np.asarray(cell.kernel) + np.asarray(cell.bias)
    i, _, c, o = np.split(gates, 4)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    expected = sigmoid(o) * np.tanh(sigmoid(i) * np.tanh(c))
    np.testing.assert_allclose(np.asarray(memory)[0, 0], expected, atol=1e-6)


def test_config():
    check_config_is_complete(Encoder(30, 8, 6, cell="gru", num_layers=2, dropout=0.1, name="e"))
    finer = {"embedding_dropout": 0.2, "layer_dropout": 0.0, "memory_dropout": 0.3}
    others = {"token_dropout": 0.1, "recurrent_dropout": 0.1, "variational_dropout": True}
    check_config_is_complete(Encoder(30, 8, 6, layer_norm=True, residual=True, **finer, **others))


def test_unknown_cell_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'lstm'"):
        Encoder(30, 8, 6, cell="ltsm")


def test_a_lexical_memory_holds_the_embeddings_behind_the_outputs():
    encoder = Encoder(30, 8, 6, bidirectional=True, lexical_memory=True)
    ids = random_ids(2, 5, 30)
    memory, _, _ = encoder(ids)
    assert memory.shape == (2, 5, 16 + 6)
    np.testing.assert_array_equal(memory[..., 16:], encoder.embedding(ids))
