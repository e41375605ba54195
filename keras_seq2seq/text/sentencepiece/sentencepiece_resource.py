"""The SentencePiece model as a resource of the TensorFlow runtime."""

import hashlib

import tensorflow as tf
import tensorflow_text
from tensorflow_text.python.ops import sentencepiece_tokenizer

_ops = sentencepiece_tokenizer.gen_sentencepiece_tokenizer


class SentencePieceResource(tf.saved_model.experimental.TrackableResource):
    """A SentencePiece model that lives as long as the process.

    tensorflow-text's own resource belongs to a kernel in the eager cache: setting a random seed
    empties that cache, and every tokenizer made before would fail with `Resource ... does not
    exist`. A resource with a name is shared by all of its kernels and outlives them.

    Args:
        proto: bytes of a SentencePiece model.
    """

    def __init__(self, proto: bytes):
        super().__init__()
        self._proto = proto
        self._shared_name = f"sentencepiece_{hashlib.sha256(proto).hexdigest()}"
        _ = self.resource_handle  # makes the resource

    def _create_resource(self):
        return _ops.sentencepiece_op(model=self._proto, shared_name=self._shared_name)


def make_graph_tokenizer(
    proto: bytes, out_type: tf.DType = tf.int32
) -> tensorflow_text.SentencepieceTokenizer:
    """Returns tensorflow-text's tokenizer over a resource that stays, giving ids or strings."""
    tokenizer = tensorflow_text.SentencepieceTokenizer(proto, out_type=out_type)
    tokenizer._model_resource = SentencePieceResource(proto)
    return tokenizer
