"""What to write for an unknown target token: what the model looked at in the source."""

import tensorflow as tf

from keras_seq2seq.tensors import Tensor


def most_attended(attention: Tensor, source_strings: tf.RaggedTensor) -> tf.Tensor:
    """The source token that each target token attends to most; runs in any graph.

    Args:
        attention: float tensor [B, T, S], S at least as wide as the strings.
        source_strings: string [B, (S)] of `Tokenizer.tokenize_to_strings`, without EOS.

    Returns:
        string tensor [B, T], for `Tokenizer.detokenize(ids, unknown=...)`; empty for empty rows.

    Example:

    >>> attention = tf.constant([[[0.1, 0.2, 0.7]]])
    >>> most_attended(attention, tf.ragged.constant([["go", " Seoul"]])).numpy().tolist()
    [[b'Seoul']]

    Reference: [Luong et al., 2015b](https://arxiv.org/abs/1410.8206), by attention.
    """
    width = tf.shape(attention)[2]
    strings = source_strings[:, :width].to_tensor("", shape=[None, None])  # [B, S']
    padding = tf.convert_to_tensor([[0, 0], [0, width - tf.shape(strings)[1]]])
    strings = tf.strings.strip(tf.pad(strings, padding, constant_values=""))
    real = tf.sequence_mask(source_strings.row_lengths(), width)  # [B, S]
    weights = tf.where(real[:, tf.newaxis], attention, -1.0)
    return tf.gather(strings, tf.argmax(weights, axis=-1), batch_dims=1)
