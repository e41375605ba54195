"""Frames the ids of sentences with BOS and EOS and pads them: the shape the model reads.

The one place that knows it, for training, serving, devices and plain Python. A blank source is
EOS alone in all of them, whatever the tokenizer makes of white space.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.inputs import goes_on, text_tensor
from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD
from keras_seq2seq.text.tokenizer import Tokenizer

Pair = tuple[dict[str, Any], Any, Any]  # x, y, sample_weight


def blank_as_empty(text: str, normalization: Normalization) -> str:
    """A source as the model reads it: blank ones count as empty."""
    return "" if normalization.is_blank(text) else text


# === In the graph: `tf.data` and exported signatures ===


def close(ids: Tensor, limit: int | None = None, name: str = "max_length") -> tf.Tensor:
    """Puts EOS behind each row of ragged ids [B, (T)], and padding behind that: int32 [B, T].

    A row that would be longer than the limit loses its end, not its EOS. T is at least 1.
    """
    if limit is not None:
        if limit < 1:
            raise ValueError(
                f"`{name}` must be at least 1, the room of the closing EOS. Received: {limit}."
            )
        ids = ids[:, : limit - 1]
    dense = tf.pad(ids.to_tensor(PAD), [[0, 0], [0, 1]], constant_values=PAD)
    places = tf.range(tf.shape(dense, out_type=tf.int64)[1])  # [T]
    return tf.where(places == ids.row_lengths()[:, tf.newaxis], EOS, dense)


def source_tokens(tokenizer: Tokenizer, text: Any, limit: int | None = None) -> Tensor:
    """The ids of sources, at most `limit` of each, int32 [B, (T)]; none where one is blank."""
    text = text_tensor(text)
    blank = tf.strings.regex_full_match(text, tokenizer.normalization.blank)
    return tokenizer.tokenize(tf.where(blank, "", text), limit)


def encode_source(tokenizer: Tokenizer, text: Any, max_length: int | None = None) -> tf.Tensor:
    """Turns source sentences into what the encoder reads: ids, EOS, padding.

    Args:
        tokenizer: `Tokenizer` of the sources.
        text: string tensor [B], or a list of str.
        max_length: int. Most ids of a sentence, EOS included; longer ones are cut.

    Returns:
        int32 tensor [B, S], S at least 1, also when B is 0.

    Raises:
        ValueError: `max_length` is below 1.

    Example:

    >>> from keras_seq2seq.text import ByteTokenizer
    >>> encode_source(ByteTokenizer(), ["ab", " ", "c"]).numpy().tolist()
    [[101, 102, 3], [3, 0, 0], [103, 3, 0]]
    """
    return close(source_tokens(tokenizer, text, max_length), max_length)


def read_sources(tokenizer: Tokenizer, text: Any, max_length: int) -> tuple[tf.Tensor, tf.Tensor]:
    """What `encode_source` gives, int32 [B, S], and bool [B]: whether a text is cut there.

    It is where it has more tokens, and where it goes on behind what is looked at for them.
    """
    text = text_tensor(text)
    rows: Any = source_tokens(tokenizer, text, max_length)  # one more than there is room for
    is_cut = (rows.row_lengths() >= max_length) | goes_on(text)
    return close(rows, max_length), is_cut


def encode_texts(
    tokenizer: Tokenizer, texts: list[str], max_length: int
) -> tuple[np.ndarray, np.ndarray]:
    """What the encoder reads of N texts, of which blank ones are empty already.

    Returns:
        int32 array [N, S], and int64 array [N]: how many tokens a text has, EOS included; one more
        than `max_length` where it has more, or goes on where nothing is looked at.
    """

    def read(text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        ids, is_cut = read_sources(tokenizer, text, max_length)
        count = tf.reduce_sum(tf.cast(ids != PAD, tf.int64), axis=1)
        return ids, tf.where(is_cut, tf.constant(max_length + 1, tf.int64), count)

    key, functions = ("encode_texts", max_length), tokenizer.compiled
    if key not in functions:  # one call: an eager one would be a hundred
        texts_only = [tf.TensorSpec([None], tf.string)]
        functions[key] = tf.function(read, input_signature=texts_only, autograph=False)
    ids, lengths = functions[key](text_tensor(texts))
    return ids.numpy(), lengths.numpy()


def encode_pair(
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    source_text: Any,
    target_text: Any,
    *,
    max_source_length: int | None = None,
    max_target_length: int | None = None,
) -> Pair:
    """Turns sentence pairs into what `fit` takes: (x, y, sample_weight).

    The decoder reads BOS and the target, and learns to say the target and EOS. The arguments are
    as those of `encode_source`, for each side.

    Returns:
        x, a dict of `source_ids`, int32 [B, S], and `decoder_ids`, int32 [B, T]; y, int32 [B, T];
        and sample_weight, float32 [B, T], 1 on real tokens and 0 on padding.

    Raises:
        ValueError: a length is below 1.
    """
    sources = source_tokens(source_tokenizer, source_text, max_source_length)
    targets = target_tokenizer.tokenize(target_text, max_target_length)
    return frame_ids(sources, targets, max_source_length, max_target_length)


def frame_ids(
    sources: Tensor,
    targets: Tensor,
    max_source_length: int | None = None,
    max_target_length: int | None = None,
) -> Pair:
    """Does what `encode_pair` does for ragged ids [B, (S)] and [B, (T)]."""
    source_ids = close(sources, max_source_length, "max_source_length")  # [B, S]
    y = close(targets, max_target_length, "max_target_length")  # [B, T]
    bos = tf.fill([tf.shape(y)[0], 1], BOS)  # [B, 1]
    said = tf.where(y == EOS, PAD, y)[:, :-1]  # [B, T - 1]
    x = {"source_ids": source_ids, "decoder_ids": tf.concat([bos, said], axis=1)}
    return x, y, tf.cast(y != PAD, tf.float32)


def encode_source_fast(
    tokenize: Callable[[tf.Tensor], tf.RaggedTensor], text: tf.Tensor, max_length: int
) -> tf.Tensor:
    """Does what `encode_source` does with operators that TFLite has: ids [1, `max_length`].

    `tokenize` turns string [1] into ids [1, (T)] by an operator of tensorflow-text; the text is
    normalized, and empty where it is blank.
    """
    ids = tokenize(text).flat_values[: max_length - 1]
    ids = tf.concat([ids, [EOS], tf.fill([max_length], PAD)], axis=0)
    return tf.reshape(ids[:max_length], [1, max_length])


# === In Python ===


def encode_source_python(tokenizer: Tokenizer, text: str, max_length: int) -> list[int]:
    """Does what `encode_source` does for one str, without TensorFlow: `max_length` ids."""
    text = blank_as_empty(text, tokenizer.normalization)
    ids = tokenizer.tokenize_python(text, max_length - 1)
    return [*ids, EOS, *[PAD] * (max_length - 1 - len(ids))]
