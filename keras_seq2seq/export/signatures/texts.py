"""Signatures without a search: scores of given targets, ids of texts, texts of ids."""

import tensorflow as tf

from keras_seq2seq.export.signatures.served_model import ServedModel, length_of, padded, same_rows
from keras_seq2seq.export.signatures.signature import Signature, specs
from keras_seq2seq.tensors import Tensor


def score_signature(served: ServedModel) -> Signature:
    """Returns a function source [B], target [B] -> score, length, truncated, finished [B].

    A target has room for T tokens, EOS included. Of a longer one the first T count, EOS does not,
    and `finished` is false.
    """

    def serve(source: Tensor, target: Tensor) -> dict[str, Tensor]:
        ids, truncated = served.read(source)
        target = same_rows(target, tf.shape(source))
        target_ids, whole = served.read_target(target)  # [B, T']
        scores, _ = served.score(ids, target_ids)
        return {
            "score": tf.reduce_sum(scores, axis=1),
            "length": length_of(target_ids),
            "truncated": truncated,
            "finished": whole,
        }

    return serve, specs([None], {"source": tf.string, "target": tf.string})


def tokenize_signature(served: ServedModel) -> Signature:
    """Returns a function of text [B] that gives what the encoder reads.

    That is `ids`, int32 [B, S], EOS behind the last, then 0; `tokens`, string [B, S]; `length`,
    int32 [B], tokens before EOS; and `truncated`, bool [B].
    """

    def serve(text: Tensor) -> dict[str, Tensor]:
        ids, truncated = served.read(text)
        width = served.max_source_length
        return {
            "ids": padded(ids, width),
            "tokens": padded(served.source_names(ids), width, value=""),
            "length": length_of(ids),
            "truncated": truncated,
        }

    return serve, specs([None], {"text": tf.string})


def detokenize_signature(served: ServedModel) -> Signature:
    """Returns a function of the target's ids, int32 [B, T'], that gives `text`, string [B]."""

    def serve(ids: Tensor) -> dict[str, Tensor]:
        return {"text": served.write(tf.ensure_shape(ids, [None, None]))}

    return serve, specs([None, None], {"ids": tf.int32})
