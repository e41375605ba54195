"""Frames: BOS and EOS in their places, padding on the right, weights on real tokens."""

import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.text import ByteTokenizer, Normalization
from keras_seq2seq.text.framing import encode_pair, encode_source
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD


class CodePoints:
    """A tokenizer for the tests: every character is the id of its code point."""

    normalization = Normalization()

    def tokenize(self, text, limit=None):
        return tf.strings.unicode_decode(text, "UTF-8")[:, :limit]


LINES = ["abc", "", "가", "a b"]


def rows(ids):
    return [[i for i in row if i != PAD] for row in ids.numpy().tolist()]


def test_a_source_is_its_ids_and_eos():
    ids = encode_source(CodePoints(), tf.constant(LINES))
    assert ids.dtype == tf.int32
    assert ids.shape == (4, 4)
    assert rows(ids) == [[ord(c) for c in line] + [EOS] for line in LINES]


def test_padding_is_on_the_right():
    ids = encode_source(CodePoints(), tf.constant(LINES)).numpy()
    for row, line in zip(ids, LINES, strict=True):
        assert (row[len(line) + 1 :] == PAD).all() and (row[: len(line) + 1] != PAD).all()


@pytest.mark.parametrize("max_length", [1, 2, 3, 4, 9])
def test_a_long_source_loses_its_end_and_keeps_its_eos(max_length):
    ids = encode_source(CodePoints(), tf.constant(LINES), max_length)
    assert rows(ids) == [[ord(c) for c in line[: max_length - 1]] + [EOS] for line in LINES]
    assert ids.shape[1] <= max_length


def test_the_decoder_reads_bos_and_says_eos():
    x, y, sample_weight = encode_pair(CodePoints(), CodePoints(), ["x"] * 4, tf.constant(LINES))
    characters = [[ord(c) for c in line] for line in LINES]
    assert rows(x["source_ids"]) == [[ord("x"), EOS]] * 4
    assert rows(x["decoder_ids"]) == [[BOS, *ids] for ids in characters]
    assert rows(y) == [[*ids, EOS] for ids in characters]
    assert x["decoder_ids"].shape == y.shape == sample_weight.shape
    assert (x["decoder_ids"].dtype, y.dtype, sample_weight.dtype) == (
        tf.int32,
        tf.int32,
        tf.float32,
    )


def test_weights_are_one_on_real_tokens_only():
    x, y, sample_weight = encode_pair(CodePoints(), CodePoints(), LINES, LINES)
    np.testing.assert_array_equal(sample_weight, tf.cast(y != PAD, tf.float32))
    np.testing.assert_array_equal(sample_weight, tf.cast(x["decoder_ids"] != PAD, tf.float32))


def test_a_long_target_is_cut_alike_on_both_sides():
    x, y, sample_weight = encode_pair(
        CodePoints(), CodePoints(), LINES, LINES, max_source_length=2, max_target_length=3
    )
    assert rows(x["source_ids"])[0] == [ord("a"), EOS]
    assert rows(x["decoder_ids"])[0] == [BOS, ord("a"), ord("b")]
    assert rows(y)[0] == [ord("a"), ord("b"), EOS]
    assert sample_weight.numpy()[0].tolist() == [1, 1, 1]


def test_a_frame_does_not_depend_on_its_neighbours():
    together = rows(encode_source(CodePoints(), tf.constant(LINES)))
    alone = [rows(encode_source(CodePoints(), tf.constant([line])))[0] for line in LINES]
    assert together == alone


def test_an_empty_batch_still_has_a_column():
    x, y, sample_weight = encode_pair(
        CodePoints(), CodePoints(), tf.zeros([0], tf.string), tf.zeros([0], tf.string)
    )
    for tensor in (x["source_ids"], x["decoder_ids"], y, sample_weight):
        assert tensor.shape == (0, 1)


def test_graph_and_eager_agree_and_shapes_stay_open():
    def encode(source, target):
        return encode_pair(CodePoints(), CodePoints(), source, target, max_target_length=3)

    dataset = tf.data.Dataset.from_tensor_slices((LINES, LINES)).batch(4).map(encode)
    assert all(spec.shape == [None, None] for spec in tf.nest.flatten(dataset.element_spec))
    tf.nest.map_structure(
        np.testing.assert_array_equal, next(iter(dataset)), encode(LINES, tf.constant(LINES))
    )


def test_a_length_below_one_is_refused():
    with pytest.raises(ValueError, match="`max_length` must be at least 1"):
        encode_source(CodePoints(), tf.constant(["a"]), 0)
    with pytest.raises(ValueError, match="`max_target_length`"):
        encode_pair(CodePoints(), CodePoints(), ["a"], ["a"], max_target_length=0)


def test_blank_lines_are_eos_alone_even_where_white_space_is_kept():
    tokenizer = ByteTokenizer(Normalization(None, collapse_whitespace=False, drop_invisible=False))
    ids = encode_source(tokenizer, tf.constant(["", " \t\u3000", " a"])).numpy()
    assert ids.tolist() == [[3, 0, 0], [3, 0, 0], [36, 101, 3]]
