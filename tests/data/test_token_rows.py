"""Packed ids: what goes in comes out, and batches are those that `encode_pair` makes."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from keras_seq2seq.data.batches.batch_reader import (
    read_indices,
    read_rows,
    write_indices,
    write_rows,
)
from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.byte_tokenizer import ByteTokenizer
from keras_seq2seq.text.framing import encode_pair

ROWS = st.lists(st.lists(st.integers(4, 99), max_size=5), max_size=8)


@given(ROWS, st.data())
def test_rows_are_kept_and_taken(rows, data):
    packed = TokenRows.of(rows)
    assert [packed[i].tolist() for i in range(len(packed))] == rows
    indices = data.draw(
        st.lists(st.integers(0, len(rows) - 1), max_size=8) if rows else st.just([])
    )
    taken = packed.take(indices)
    assert [taken[i].tolist() for i in range(len(taken))] == [rows[i] for i in indices]
    in_graph = packed.in_graph()(tf.constant(indices, tf.int64))
    assert in_graph.to_list() == [rows[i] for i in indices]


@pytest.mark.parametrize("indices", [[0], [1], [2, 0, 1, 3], [1, 3]])
def test_framing_equals_that_of_strings(indices):
    sources, targets = ["ab", "", "가나다", ""], ["hello", "", "x", "yz"]
    tokenizer = ByteTokenizer()
    rows = [TokenRows.of(map(tokenizer.tokenize_python, side)) for side in (sources, targets)]
    batch = tf.constant(write_indices(np.array(indices)))
    ours = read_indices(batch, *(side.in_graph() for side in rows))
    packed = read_rows(tf.constant(write_rows(*rows, np.array(indices))))
    theirs = encode_pair(
        tokenizer,
        tokenizer,
        tf.constant([sources[i] for i in indices]),
        tf.constant([targets[i] for i in indices]),
    )
    for made in (ours, packed):
        for left, right in zip(tf.nest.flatten(made), tf.nest.flatten(theirs), strict=True):
            np.testing.assert_array_equal(left, right)
            assert left.dtype == right.dtype
