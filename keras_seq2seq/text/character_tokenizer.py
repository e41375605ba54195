"""Tokens that are Unicode code points."""

from __future__ import annotations

import collections
import functools
import json
import os
from collections.abc import Iterable, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.special_tokens import SPECIAL_TOKENS, UNK
from keras_seq2seq.text.tokenizer import Tokenizer

ASSET = "vocabulary.txt"


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class CharacterTokenizer(Tokenizer):
    """One id per character (Unicode code point).

    With `Normalization("NFD")` the characters of Korean are jamo, of which there are few, and
    detokenizing gives composed syllables. A character that the vocabulary lacks becomes UNK, and
    UNK becomes U+FFFD. It works by searching a sorted constant: there is no lookup table that
    would have to be initialized in a SavedModel.

    Args:
        vocabulary: list of str, one character each, without the special tokens: the first one
            gets id 4. `None` if it is to come by `load_assets`.
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
    >>> tokenizer.detokenize([[2, 4, 5, 3, 0]]).numpy().tolist()
    [b'ab']
    """

    def __init__(
        self,
        vocabulary: Sequence[str] | None = None,
        normalization: Normalization | dict | None = None,
        **kwargs,
    ):
        super().__init__(normalization, **kwargs)
        self.vocabulary = None
        if vocabulary is not None:
            self._set_vocabulary(vocabulary)

    @classmethod
    def learn(
        cls,
        lines: Iterable[str],
        vocabulary_size: int,
        normalization: Normalization | None = None,
    ) -> CharacterTokenizer:
        """Takes the most frequent characters of a corpus, equally frequent ones by code point.

        Args:
            lines: iterable of str.
            vocabulary_size: int. Upper limit of the number of ids, the four special ones
                included.
            normalization: `Normalization` or `None` for `Normalization()`.
        """
        cls._check_vocabulary_size(vocabulary_size)
        normalization = normalization or Normalization()
        counts = collections.Counter()
        for line in cls._normalized_lines(lines, normalization):
            counts.update(line)
        by_frequency = sorted(counts, key=lambda character: (-counts[character], character))
        return cls(by_frequency[: vocabulary_size - len(SPECIAL_TOKENS)], normalization)

    def tokenize_python(self, text: str) -> list[int]:
        ids = self._character_ids
        return [ids.get(character, UNK) for character in self.normalization.normalize_python(text)]

    def _encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        pairs = sorted((ord(character), i) for character, i in self._character_ids.items())
        # A last entry no code point equals, so that every search ends inside.
        codes, ids = np.array([*pairs, (0x110000, UNK)], np.int32).T
        characters = tf.strings.unicode_decode(text, "UTF-8")  # [B, (T)]
        place = tf.searchsorted(codes, characters.flat_values)
        found = tf.gather(codes, place) == characters.flat_values
        return characters.with_flat_values(tf.where(found, tf.gather(ids, place), UNK))

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        return tf.strings.unicode_split(text, "UTF-8")

    def _byte_lengths(self, normalized: str) -> list[int]:
        return [len(character.encode("utf-8")) for character in normalized]

    def tokens(self) -> list[str]:
        return [*SPECIAL_TOKENS, *self._require_vocabulary()]

    def _surfaces(self) -> list[bytes]:
        return [b"", "\ufffd".encode(), b"", b""] + [c.encode() for c in self._require_vocabulary()]

    @functools.cached_property
    def _character_ids(self) -> dict[str, int]:
        return {c: i for i, c in enumerate(self._require_vocabulary(), start=len(SPECIAL_TOKENS))}

    def _set_vocabulary(self, vocabulary: Sequence[str]) -> None:
        if isinstance(vocabulary, (str, bytes)) or not isinstance(vocabulary, Sequence):
            raise ValueError(f"`vocabulary` must be a list of characters, received {vocabulary!r}.")
        seen = set()
        for place, item in enumerate(vocabulary):
            if not isinstance(item, str) or len(item) != 1 or "\ud800" <= item <= "\udfff":
                raise ValueError(
                    f"Item {place} of `vocabulary` must be one character, received {item!r}."
                )
            if item in seen:
                raise ValueError(f"`vocabulary` has {item!r} twice, the second as item {place}.")
            seen.add(item)
        self.vocabulary = tuple(vocabulary)
        self._forget_tables()
        self.__dict__.pop("_character_ids", None)

    def _require_vocabulary(self) -> tuple[str, ...]:
        if self.vocabulary is None:
            raise self._missing_vocabulary("vocabulary")
        return self.vocabulary

    def _vocabulary(self) -> list[str]:
        return list(self._require_vocabulary())

    def get_config(self) -> dict:
        return {**super().get_config(), "vocabulary": None}  # it is an asset

    def save_assets(self, dir_path: str | os.PathLike) -> None:
        # JSON, because a vocabulary may well hold newlines, spaces and U+0000.
        content = json.dumps(self._vocabulary(), ensure_ascii=False)
        self._write_asset(dir_path, ASSET, content.encode("utf-8"))

    def load_assets(self, dir_path: str | os.PathLike) -> None:
        path = os.path.join(dir_path, ASSET)
        try:
            with open(path, encoding="utf-8") as file:
                self._set_vocabulary(json.load(file))
        except (OSError, ValueError) as error:
            raise ValueError(f"Cannot read a character vocabulary from {path}: {error}") from error
