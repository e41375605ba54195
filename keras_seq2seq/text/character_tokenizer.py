"""Tokens that are Unicode code points."""

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.text.special_tokens import UNK
from keras_seq2seq.text.tokenizer import Tokenizer


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class CharacterTokenizer(Tokenizer):
    """One id per character (Unicode code point).

    With `Normalization("NFD")` the characters of Korean are jamo, of which there are few, and
    detokenizing gives composed syllables. A character that the vocabulary lacks becomes UNK, and
    UNK becomes U+FFFD.

    Args:
        vocabulary: list of str, one character each, from id 4 on, or `None` until `load_assets`.
        normalization: `Normalization`, its config as a dict, or `None` for `Normalization()`.
        **kwargs: of `keras.layers.Layer`.

    Raises:
        ValueError: if an item of `vocabulary` is not one character, or stands there twice.

    Example:

    >>> tokenizer = CharacterTokenizer.learn(["abba", "cab"], vocabulary_size=6)
    >>> tokenizer.tokens()
    ['<pad>', '<unk>', '<s>', '</s>', 'a', 'b']
    >>> tokenizer.tokenize(["abc", ""]).to_list()
    [[4, 5, 1], []]
    """

    piece = "character"
    longest_piece = 1

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        return tf.strings.unicode_split(text, "UTF-8")

    def cut_python(self, text: str) -> list[bytes]:
        return [character.encode("utf-8") for character in text]

    def _is_piece(self, item: str) -> bool:
        return len(item) == 1

    def _encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        # Code points are found faster than pieces. The names of special tokens are longer than one.
        pairs = sorted((ord(c), i) for i, c in enumerate(self.tokens()) if len(c) == 1)
        # A last entry no code point equals, so that every search ends inside.
        codes, ids = np.array([*pairs, (0x110000, UNK)], np.int32).T
        characters = tf.strings.unicode_decode(text, "UTF-8")  # [B, (T)]
        place = tf.searchsorted(codes, characters.flat_values)
        found = tf.gather(codes, place) == characters.flat_values
        return characters.with_flat_values(tf.where(found, tf.gather(ids, place), UNK))
