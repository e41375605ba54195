"""The one signature of a `.tflite` file that takes text."""

import tensorflow as tf
from tensorflow_text import FastSentencepieceTokenizer

from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.signatures.signature import Signature, specs
from keras_seq2seq.models.decodable import Decodable
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.framing import encode_source_fast
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def text_signature(twin: TextSeq2Seq, model: Decodable, options: SearchOptions) -> Signature:
    """Returns a function text [1] -> text [1], length [1], score [1] that TFLite can hold.

    The SentencePiece tokenizers of `twin` run as tensorflow-text's custom operators; the caller
    normalises the text, and sends none where it is blank. `model` is what is traced.
    """

    def translate(text: Tensor) -> dict[str, Tensor]:
        # Made here, so that their vocabularies are constants of this graph.
        source = FastSentencepieceTokenizer(twin.source_tokenizer.proto)
        target = FastSentencepieceTokenizer(twin.target_tokenizer.proto)
        ids = encode_source_fast(source.tokenize, text, twin.max_source_length)
        found = model.search(ids, twin.max_target_length, options)
        tokens = found.ids[0, : found.length[0]]
        text = tf.reshape(target.detokenize(tokens), [1])
        return {"text": text, "length": found.length, "score": found.score}

    return translate, specs([1], {"text": tf.string})
