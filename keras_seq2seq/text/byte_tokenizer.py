"""Tokens that are the bytes of UTF-8."""

import os
from collections.abc import Iterable
from typing import Any, Self

import keras
import tensorflow as tf

from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.special_tokens import SPECIAL_TOKENS
from keras_seq2seq.text.tokenizer import Tokenizer

_BYTES = [bytes([byte]) for byte in range(256)]


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class ByteTokenizer(Tokenizer):
    """One id per byte of the UTF-8 text: id 4 + byte, 260 ids in all.

    It needs no vocabulary and knows every text: with `Normalization(None,
    collapse_whitespace=False, drop_invisible=False)` any valid UTF-8 comes back as it was. UNK
    becomes U+FFFD, as does each maximal part of a character that bytes put out by a model leave
    unfinished.

    Args:
        normalization: `Normalization`, its config as a dict, or `None` for `Normalization()`.
        **kwargs: of `keras.layers.Layer`.

    Example:

    >>> tokenizer = ByteTokenizer()
    >>> tokenizer.tokenize_python("né")
    [114, 199, 173]
    >>> tokenizer.detokenize([[114, 199, 173, 3], [114, 199, 3, 0]]).numpy().tolist()
    [b'n\\xc3\\xa9', b'n\\xef\\xbf\\xbd']

    Reference: [Xue et al., 2022](https://arxiv.org/abs/2105.13626), ByT5.
    """

    piece = "byte"
    longest_piece = 1
    asset_arguments = ()

    def __init__(self, normalization: Normalization | dict | None = None, **kwargs: Any):
        super().__init__(None, normalization, **kwargs)

    @classmethod
    def learn(
        cls,
        lines: Iterable[str] = (),
        vocabulary_size: int = 260,
        normalization: Normalization | None = None,
    ) -> Self:
        """Makes a byte tokenizer: there is nothing to learn, only `normalization` matters."""
        return cls(normalization)

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        return tf.strings.bytes_split(text)

    def cut_python(self, text: str) -> list[bytes]:
        return [_BYTES[byte] for byte in text.encode("utf-8")]

    def _encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        # All bytes at once, then cut into rows: decode_raw on [B] would want equal lengths.
        values = tf.io.decode_raw(tf.strings.reduce_join(text), tf.uint8)  # [all bytes]
        values = tf.cast(values, tf.int32) + len(SPECIAL_TOKENS)
        lengths = tf.cast(tf.strings.length(text, unit="BYTE"), tf.int64)  # [B]
        from_lengths = tf.RaggedTensor.from_row_lengths  # pyright: ignore[reportAttributeAccessIssue]
        return from_lengths(values, lengths, validate=False)

    def tokens(self) -> list[str]:
        return [*SPECIAL_TOKENS, *(f"<0x{byte:02X}>" for byte in range(256))]

    def surfaces(self) -> list[bytes]:
        return [b"", "\ufffd".encode(), b"", b"", *_BYTES]

    def _vocabulary(self) -> None:
        return None

    def save_assets(self, dir_path: str | os.PathLike) -> None:
        """Does nothing: the bytes are known."""

    def load_assets(self, dir_path: str | os.PathLike | None) -> None:
        """Does nothing, as `save_assets`."""
