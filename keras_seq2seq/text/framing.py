"""Frames the ids of sentences with BOS and EOS and pads them: the shape the model reads."""

from __future__ import annotations

import tensorflow as tf

from keras_seq2seq.text.normalization import WHITE_SPACE
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD


def encode_source(tokenizer, text: tf.Tensor, max_length: int | None = None) -> tf.Tensor:
    """Turns source sentences into what the encoder reads: ids, EOS, padding.

    Runs in a graph: in `tf.data` as well as in an exported signature. A blank line is EOS alone,
    whatever the tokenizer makes of white space.

    Args:
        tokenizer: `Tokenizer`.
        text: string Tensor of shape (B,).
        max_length: int. Most ids of a sentence; longer ones lose their end, not their EOS.
            Defaults to no limit.

    Returns:
        int32 Tensor of shape (B, S), S at least 1, also when B is 0.

    Raises:
        ValueError: `max_length` is below 1.

    Example:

    >>> from keras_seq2seq.text import ByteTokenizer
    >>> encode_source(ByteTokenizer(), tf.constant(["ab", "c"])).numpy().tolist()
    [[101, 102, 3], [103, 3, 0]]
    """
    text = tf.where(tf.strings.regex_full_match(text, f"[{WHITE_SPACE}]*"), "", text)
    ids, lengths = _tokenize(tokenizer, text, max_length, "max_length")
    return _close(ids, lengths)


def encode_pair(
    source_tokenizer,
    target_tokenizer,
    source_text: tf.Tensor,
    target_text: tf.Tensor,
    *,
    max_source_length: int | None = None,
    max_target_length: int | None = None,
) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
    """Turns sentence pairs into what `fit` takes: (x, y, sample_weight).

    The decoder reads BOS and the target, and learns to say the target and EOS.

    Args:
        source_tokenizer: `Tokenizer` of the sources.
        target_tokenizer: `Tokenizer` of the targets.
        source_text: string Tensor of shape (B,).
        target_text: string Tensor of shape (B,).
        max_source_length: int. Most ids of a source, the closing EOS among them; longer ones
            are cut. Defaults to no limit.
        max_target_length: int. Most ids of a target, the closing EOS among them; longer ones
            are cut. Defaults to no limit.

    Returns:
        A tuple of x, a dict of `source_ids`, int32 (B, S), and `target_ids`, int32 (B, T);
        y, int32 (B, T); and sample_weight, float32 (B, T), 1 on real tokens and 0 on padding.

    Raises:
        ValueError: a length is below 1.

    Example:

    ```python
    dataset = strings.batch(64).map(lambda source, target: encode_pair(ko, en, source, target))
    model.fit(dataset)
    ```
    """
    source_ids, source_lengths = _tokenize(
        source_tokenizer, source_text, max_source_length, "max_source_length"
    )
    ids, lengths = _tokenize(target_tokenizer, target_text, max_target_length, "max_target_length")
    bos = tf.fill([tf.shape(ids)[0], 1], BOS)  # (B, 1)
    x = {
        "source_ids": _close(source_ids, source_lengths),  # (B, S)
        "decoder_ids": tf.concat([bos, ids[:, :-1]], axis=1),  # (B, T)
    }
    sample_weight = tf.cast(_positions(ids) <= lengths, tf.float32)  # (B, T)
    return x, _close(ids, lengths), sample_weight


def _tokenize(tokenizer, text, max_length, name) -> tuple[tf.Tensor, tf.Tensor]:
    """Padded ids with room for one EOS, int32 (B, T), and their number, int64 (B, 1)."""
    if max_length is not None and max_length < 1:
        raise ValueError(
            f"`{name}` must be at least 1, the room of the closing EOS. Received: {max_length}."
        )
    ragged = tokenizer.tokenize(text)
    if max_length is not None:
        ragged = ragged[:, : max_length - 1]
    ids = tf.pad(ragged.to_tensor(PAD), [[0, 0], [0, 1]], constant_values=PAD)
    return ids, ragged.row_lengths()[:, tf.newaxis]


def _close(ids: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Ids with EOS after the last of each row: int32 (B, T)."""
    return tf.where(_positions(ids) == lengths, EOS, ids)


def _positions(ids: tf.Tensor) -> tf.Tensor:
    return tf.range(tf.shape(ids, out_type=tf.int64)[1])[tf.newaxis, :]  # (1, T)
