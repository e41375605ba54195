"""The search alone, with step functions whose best path is known."""

import keras
import numpy as np
from keras import ops

from keras_seq2seq.decoding import greedy_search

PAD, BOS, EOS = 0, 2, 3


def spell(rows, vocabulary_size=12):
    """A step that makes row b prefer rows[b][t] at step t, with logit 5 against 0."""
    table = np.full((len(rows), max(map(len, rows))), PAD)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    table = ops.array(table, dtype="int32")

    def step(ids, position):
        column = ops.take(table, ops.minimum(position[0], table.shape[1] - 1), axis=1)
        return 5.0 * ops.one_hot(column, vocabulary_size), position + 1

    return step, ops.zeros((len(rows),), dtype="int32")


def search(rows, max_length=8, **kwargs):
    step, state = spell(rows)
    first = ops.full((len(rows),), BOS, dtype="int32")
    return greedy_search(
        step, state, first, max_length=max_length, eos_id=EOS, pad_id=PAD, **kwargs
    )


def test_spells_what_the_step_prefers_then_pads():
    result = search([[5, 6, 7, EOS], [8, EOS], [EOS]])
    expected = [[5, 6, 7, EOS, 0, 0, 0, 0], [8, EOS, *[0] * 6], [EOS, *[0] * 7]]
    np.testing.assert_array_equal(result.ids, expected)
    np.testing.assert_array_equal(result.length, [3, 1, 0])


def test_score_is_the_log_probability_up_to_eos():
    each = 5 - np.log(np.exp(5) + 11)
    result = search([[5, 6, 7, EOS], [8, EOS], [EOS]])
    np.testing.assert_allclose(result.score, [4 * each, 2 * each, each], rtol=1e-5)


def test_ends_at_max_length_without_eos():
    result = search([[5, 6, 7, 8, 9], [5, EOS]], max_length=3)
    np.testing.assert_array_equal(result.ids, [[5, 6, 7], [5, EOS, 0]])
    np.testing.assert_array_equal(result.length, [3, 1])


def test_stops_as_soon_as_every_row_is_finished():
    calls = []

    def step(ids, state):
        calls.append(1)
        return 5.0 * ops.one_hot(ids * 0 + EOS, 6), state

    first = ops.full((3,), BOS, dtype="int32")
    greedy_search(step, (), first, max_length=50, eos_id=EOS, pad_id=PAD)
    assert len(calls) <= 2  # one, or two where the backend traces the step once first


def test_rows_finished_beforehand_stay_empty():
    result = search([[5, EOS], [6, EOS]], finished=ops.array([True, False]))
    np.testing.assert_array_equal(result.ids[0], [0] * 8)
    np.testing.assert_array_equal(result.length, [0, 1])
    assert float(result.score[0]) == 0


def test_the_search_feeds_back_its_own_choice():
    def count_up(ids, state):
        return ops.one_hot(ids + 1, 9), state

    first = ops.array([3, 5], dtype="int32")
    result = greedy_search(count_up, (), first, max_length=9, eos_id=8, pad_id=PAD)
    np.testing.assert_array_equal(result.ids[0, :5], [4, 5, 6, 7, 8])
    np.testing.assert_array_equal(result.length, [4, 2])


def test_is_the_same_in_a_graph():
    class Graph(keras.Model):
        def call(self, x):
            step, state = spell([[5, 6, EOS], [7, 8, 9, EOS]])
            return greedy_search(step, state, x, max_length=6, eos_id=EOS, pad_id=PAD)

    graph = Graph()
    graph.jit_compile = False
    result = graph.predict_on_batch(ops.full((2,), BOS, dtype="int32"))
    np.testing.assert_array_equal(result.ids, search([[5, 6, EOS], [7, 8, 9, EOS]], 6).ids)
