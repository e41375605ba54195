"""A tokenizer from outside of the library: all that one has to write."""

from __future__ import annotations

import tensorflow as tf

from keras_seq2seq.text import TOKENIZERS, Tokenizer


@TOKENIZERS.register("words")
class WordTokenizer(Tokenizer):
    """One id per word; the pieces are words with the space before them."""

    piece = "word"
    dummy_space = "start"

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        words = tf.strings.split(text, " ")
        there = tf.repeat(text != "", words.row_lengths())  # no text is no word, not an empty one
        words = tf.ragged.boolean_mask(words, words.with_flat_values(there))
        return words.with_flat_values(tf.strings.join([" ", words.flat_values]))

    def cut_python(self, text: str) -> list[bytes]:
        return [f" {word}".encode() for word in text.split(" ")] if text else []
