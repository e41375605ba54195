"""The contract that every tokenizer keeps."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.text.alignment import align_python
from keras_seq2seq.text.normalization import Normalization, replace_surrogates
from keras_seq2seq.text.special_tokens import SPECIAL_TOKENS, UNK


class Tokenizer(keras.layers.Layer):
    """Text to ids and back, in a TensorFlow graph and in plain Python.

    Abstract. `tokenize` and `detokenize` run in `tf.data` and inside an exported SavedModel
    (`keras.export.ExportArchive().track(tokenizer)`); `tokenize_python` and `detokenize_python`
    give the same ids and the same text without TensorFlow. Ids 0 to 3 are the special tokens of
    `special_tokens`; tokenizing adds none of them and detokenizing drops PAD, BOS and EOS
    wherever they stand. Ids outside of the vocabulary count as UNK.

    A saved `.keras` file holds the vocabulary as an asset, never in the config. A tokenizer that
    still waits for its vocabulary raises a ValueError on use.

    A new tokenizer implements `learn`, `tokenize_python`, `tokens`, `save_assets`, `load_assets`,
    `_encode`, `_split`, `_byte_lengths`, `_surfaces` and `_vocabulary`.

    Args:
        normalization: `Normalization`, its config as a dict, or `None` for `Normalization()`.
        **kwargs: of `keras.layers.Layer` (`name`, `dtype`, `trainable`).
    """

    def __init__(self, normalization: Normalization | dict | None = None, **kwargs):
        super().__init__(**kwargs)
        if normalization is None:
            normalization = Normalization()
        elif isinstance(normalization, dict):
            normalization = Normalization.from_config(normalization)
        if not isinstance(normalization, Normalization):
            raise ValueError(
                "`normalization` must be a Normalization, its config or None, "
                f"received {normalization!r}."
            )
        self.normalization = normalization
        self.built = True

    # Text to ids

    def tokenize(self, text) -> tf.RaggedTensor | tf.Tensor:
        """Normalizes text and turns it into ids.

        Args:
            text: string tensor [B] or [], or a list of str, or a str.

        Returns:
            int32 `RaggedTensor` [B, (T)] for a batch, int32 tensor [T] for one string. There is
            no special token in it but UNK.
        """
        text = self._text_tensor(text)
        ids = self._encode(self.normalization(tf.reshape(text, [-1])))  # [B, (T)]
        return ids.flat_values if text.shape.rank == 0 else ids

    def call(self, text: tf.Tensor) -> tf.RaggedTensor | tf.Tensor:
        """Does what `tokenize` does; as any Keras layer it takes tensors only."""
        return self.tokenize(text)

    def tokenize_python(self, text: str) -> list[int]:
        """Turns one Python string into ids without TensorFlow; `tokenize` gives the same."""
        raise NotImplementedError

    def _encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Turns normalized text, string [B], into int32 ids [B, (T)]."""
        raise NotImplementedError

    def tokenize_to_strings(self, text) -> tf.RaggedTensor:
        """Cuts text where `tokenize` cuts it: what each id stands for in this very text.

        Args:
            text: string tensor [B], or a list of str.

        Returns:
            string `RaggedTensor` [B, (T)], parallel to `tokenize`; an unknown token is what was
            unknown.
        """
        return self._split(self.normalization(self._text_tensor(text)))

    def _split(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Cuts normalized text, string [B], into strings [B, (T)]."""
        raise NotImplementedError

    def spans_python(self, text: str) -> list[tuple[int, int]]:
        """Says where in a text its tokens stand.

        Args:
            text: str, as it is, before normalization.

        Returns:
            A list, parallel to `tokenize_python(text)`, of (start, end): the characters
            `text[start:end]` became the token. Bytes of one character share its span, and the
            space that SentencePiece puts in front is empty.
        """
        normalized, spans = align_python(self.normalization, text)
        encoded = normalized.encode("utf-8")
        owner = [i for i, c in enumerate(normalized) for _ in c.encode("utf-8")]  # of each byte
        found, end = [], 0
        for length in self._byte_lengths(normalized):
            start, end = end, min(end + length, len(encoded))
            if start < end:
                found.append((spans[owner[start]][0], spans[owner[end - 1]][1]))
            else:
                place = found[-1][1] if found else (spans[0][0] if spans else 0)
                found.append((place, place))
        return found

    def _byte_lengths(self, normalized: str) -> list[int]:
        """Bytes of UTF-8 that each token takes from the front of a normalized text."""
        raise NotImplementedError

    # Ids to text

    def detokenize(self, ids, unknown=None) -> tf.Tensor:
        """Turns ids into text.

        Args:
            ids: integer `RaggedTensor` [B, (T)] or tensor [..., T], or lists of int.
            unknown: string tensor of the shape of dense `ids`: what to write where UNK stands;
                `None` writes the tokenizer's own mark.

        Returns:
            string tensor [B], or [...] for a dense tensor of any rank >= 1: one text for each
            sequence of the last axis, always valid UTF-8.
        """
        ids = self._id_tensor(ids)
        known = (ids >= 0) & (ids < self.vocabulary_size)
        ids = tf.where(known, ids, tf.constant(UNK, tf.int64))
        surfaces = tf.gather(self._surface_table, ids)  # [B, T]
        if unknown is not None:
            surfaces = tf.where(ids == UNK, unknown, surfaces)
        text = tf.strings.reduce_join(surfaces, axis=-1)  # [B]
        text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
        if self._dummy_space:
            text = tf.strings.regex_replace(text, self._dummy_space, "")
        return self.normalization.compose(text)

    def detokenize_python(self, ids: Iterable[int]) -> str:
        """Turns ids into one Python string without TensorFlow; `detokenize` gives the same."""
        table = self._surface_table
        surfaces = (table[i if 0 <= i < len(table) else UNK] for i in map(int, ids))
        text = b"".join(surfaces).decode("utf-8", "replace")
        if self._dummy_space == r"\A ":
            text = text.removeprefix(" ")
        elif self._dummy_space == r" \z":
            text = text.removesuffix(" ")
        return self.normalization.compose_python(text)

    def _surfaces(self) -> list[bytes]:
        """What each id stands for in the text, as bytes; nothing for PAD, BOS and EOS."""
        raise NotImplementedError

    @functools.cached_property
    def _surface_table(self) -> np.ndarray:
        return np.array(self._surfaces(), dtype=object)

    @functools.cached_property
    def _dummy_space(self) -> str:
        """RE2 pattern of a space that tokenizing puts in: `\\A `, ` \\z`, or empty for none."""
        return ""

    # The vocabulary

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, the four special ones included."""
        return len(self._surface_table)

    @property
    def has_vocabulary(self) -> bool:
        """Whether the tokenizer can be used, or still waits for its vocabulary."""
        try:
            return self.vocabulary_size > 0
        except ValueError:
            return False

    def tokens(self) -> list[str]:
        """Returns the name of every id, in the order of the ids."""
        raise NotImplementedError

    def id_to_token(self, i: int) -> str:
        """Returns the name of one id, such as `"</s>"` or `"▁the"`."""
        names = self._token_names
        if not 0 <= i < len(names):
            raise ValueError(f"There is no token {i}: expected an id from 0 to {len(names) - 1}.")
        return names[i]

    @functools.cached_property
    def _token_names(self) -> tuple[str, ...]:
        return tuple(self.tokens())

    @classmethod
    def learn(
        cls,
        lines: Iterable[str],
        vocabulary_size: int,
        normalization: Normalization | None = None,
    ) -> Tokenizer:
        """Makes a tokenizer from a corpus, one text per line."""
        raise NotImplementedError

    @staticmethod
    def _check_vocabulary_size(vocabulary_size: int) -> None:
        smallest = len(SPECIAL_TOKENS) + 1
        if not isinstance(vocabulary_size, int) or vocabulary_size < smallest:
            raise ValueError(
                f"`vocabulary_size` must be an int of {smallest} or more, received "
                f"{vocabulary_size!r}: {len(SPECIAL_TOKENS)} ids are for special tokens."
            )

    @staticmethod
    def _normalized_lines(lines: Iterable[str], normalization: Normalization) -> list[str]:
        """Normalizes a corpus, leaves out what is empty then, and raises if nothing is left."""
        if isinstance(lines, (str, bytes)):
            raise ValueError("`lines` must be an iterable of str, received one string.")
        normalized = []
        for number, line in enumerate(lines, start=1):
            if not isinstance(line, str):
                raise ValueError(f"Line {number} of the corpus is not a str: {line!r}.")
            normalized.append(normalization.normalize_python(line))
        normalized = [line for line in normalized if line]
        if not normalized:
            raise ValueError(
                "The corpus is empty: there is no text to learn a vocabulary from. Pass at least "
                "one line that is not blank."
            )
        return normalized

    # Saving

    def get_config(self) -> dict:
        return {**super().get_config(), "normalization": self.normalization.get_config()}

    def vocabulary_state(self) -> dict:
        """Returns all there is to rebuild the tokenizer, ready for JSON: see
        `tokenizer_state.tokenizer_from_state`."""
        return {
            "class": type(self).__name__,
            "normalization": self.normalization.get_config(),
            "vocabulary": self._vocabulary(),
        }

    def save_assets(self, dir_path: str | os.PathLike) -> None:
        """Writes the vocabulary into a directory; Keras calls it when a model is saved."""
        raise NotImplementedError

    def load_assets(self, dir_path: str | os.PathLike) -> None:
        """Reads the vocabulary that `save_assets` wrote."""
        raise NotImplementedError

    @staticmethod
    def _write_asset(dir_path: str | os.PathLike, name: str, content: bytes) -> None:
        with replacing(os.path.join(dir_path, name)) as temporary:
            temporary.write_bytes(content)

    def _vocabulary(self) -> str | list[str] | None:
        """The vocabulary as JSON can hold it."""
        raise NotImplementedError

    def _forget_tables(self) -> None:
        """Drops what was computed from an earlier vocabulary."""
        for name in ("_surface_table", "_dummy_space", "_token_names"):
            self.__dict__.pop(name, None)

    def _missing_vocabulary(self, argument: str) -> ValueError:
        return ValueError(
            f"{type(self).__name__} {self.name!r} has no vocabulary yet. Pass `{argument}`, make "
            "the tokenizer by `learn(...)`, or load one by `load_assets(directory)`."
        )

    # Arguments

    @staticmethod
    def _text_tensor(text) -> tf.Tensor:
        if isinstance(text, str):
            text = replace_surrogates(text)
        elif isinstance(text, (list, tuple)):
            text = [replace_surrogates(item) if isinstance(item, str) else item for item in text]
        try:
            text = tf.convert_to_tensor(text, dtype=tf.string)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"Cannot tokenize {text!r}: expected a str, a list of str or a string tensor."
            ) from error
        if text.shape.rank not in (0, 1):
            raise ValueError(
                f"Cannot tokenize a tensor of shape {text.shape}: expected [B] or []. Flatten it "
                "first, for instance by tf.reshape(text, [-1])."
            )
        return text

    @staticmethod
    def _id_tensor(ids) -> tf.RaggedTensor | tf.Tensor:
        given = ids
        try:
            if isinstance(ids, (list, tuple)):
                nested = len(ids) > 0 and not isinstance(ids[0], (int, np.integer))
                ids = tf.ragged.constant(ids, tf.int64) if nested else tf.constant(ids, tf.int64)
            elif not isinstance(ids, tf.RaggedTensor):
                ids = tf.convert_to_tensor(ids)
            wrong = not ids.dtype.is_integer or ids.shape.rank == 0
        except (TypeError, ValueError):
            wrong = True
        if wrong:
            raise ValueError(f"Cannot detokenize {given!r}: expected integer ids [B, T] or [T].")
        return tf.cast(ids, tf.int64)
