"""Ids of any kind as a model knows them: what makes a `.tflite` file total."""

import tensorflow as tf

from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import EOS, PAD, UNK


def known_ids(ids: Tensor, vocabulary_size: int) -> Tensor:
    """The same ids, int32 of any shape, with UNK for those that the vocabulary lacks."""
    return tf.where((ids >= 0) & (ids < vocabulary_size), ids, UNK)


def up_to_eos(ids: Tensor, vocabulary_size: int, room_for_eos: int) -> Tensor:
    """Ids of any kind, int32 [B, S], as the model was trained on: UNK for those that are none.

    What follows the first EOS or PAD is PAD. EOS is put there, and at the last place if
    `room_for_eos` is 1: a source must have one, a target may be unfinished.
    """
    places = tf.range(ids.shape[1])[tf.newaxis]  # [1, S]
    last = ids.shape[1] - room_for_eos
    ends = tf.where((ids == EOS) | (ids == PAD), places, last)
    end = tf.reduce_min(ends, axis=1, keepdims=True)  # [B, 1]
    known = known_ids(ids, vocabulary_size)
    return tf.where(places < end, known, tf.where(places == end, EOS, PAD))
