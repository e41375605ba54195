"""The signature `details`: a translation and how it came about."""

import tensorflow as tf

from keras_seq2seq.export.signatures.searching import told
from keras_seq2seq.export.signatures.served_model import ServedModel, count_of, length_of, padded
from keras_seq2seq.export.signatures.signature import Signature, specs
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import EOS


def details_signature(served: ServedModel) -> Signature:
    """Returns a function of text [B] that gives what `TextSeq2Seq.generate` knows of a result.

    Beside what greedy search gives: `tokens`, string [B, T]; `token_scores`, float32 [B, T];
    `source_tokens`, string [B, S]; `source_starts` and `source_ends`, int32 [B, S], the characters
    of the text that became each; `source_length`, int32 [B], source tokens before EOS;
    `unknown_source_tokens` and `unknown_target_tokens`, int32 [B]; and of models that attend
    `attention`, float32 [B, T, S]. All are padded to the limits S and T, by 0 or "".
    """
    width, length = served.max_source_length, served.max_target_length

    def serve(text: Tensor) -> dict[str, Tensor]:
        ids, truncated = served.read(text)  # [B, S']
        result = served.search(ids)
        scores, attention = served.score(ids, result.ids)  # [B, T], [B, T, S']
        ended = tf.reduce_any(result.ids == EOS, axis=1)
        # The model may have chosen PAD itself, so the ids do not tell where padding begins.
        real = tf.sequence_mask(result.length + tf.cast(ended, "int32"), length)  # [B, T]
        starts, ends = served.spans(text, ids)  # [B, S'] each
        found = {
            **told(result),
            "text": served.write(result.ids, served.unknown_words(text, attention)),
            "truncated": truncated,
            "tokens": tf.where(real, served.target_names(result.ids), ""),
            "token_scores": tf.where(real, scores, 0.0),
            "source_tokens": padded(served.source_names(ids), width, value=""),
            "source_starts": padded(starts, width),
            "source_ends": padded(ends, width),
            "source_length": length_of(ids),
            "unknown_source_tokens": count_of(ids),
            "unknown_target_tokens": count_of(result.ids),
        }
        if served.seq2seq.attention is not None:
            attention = tf.where(real[:, :, tf.newaxis], attention, 0.0)
            found["attention"] = padded(attention, length, width)
        return found

    return serve, specs([None], {"text": tf.string})
