"""Signatures of `.tflite` files: one text, as ids or as a string."""

import tensorflow as tf

from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.signatures.signature import Signature, specs
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.framing import encode_source_fast
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def ids_signature(model: TextSeq2Seq, options: SearchOptions) -> Signature:
    """Returns a function ids [1, S] -> ids [1, T], length [1], score [1] for phones.

    S and T are the model's limits; see `tflite`. The options are for one example.
    """

    def translate(ids: Tensor) -> dict[str, Tensor]:
        result = model.seq2seq.search(ids, model.max_target_length, options)
        return {"ids": result.ids, "length": result.length, "score": result.score}

    return translate, specs([1, model.max_source_length], {"ids": tf.int32})


def fast_text_signature(model: TextSeq2Seq, options: SearchOptions) -> Signature:
    """Returns a function text [1] -> text [1], length [1], score [1] that TFLite can hold.

    The SentencePiece tokenizers run as tensorflow-text's custom operators; the caller normalises
    the text, and sends none where it is blank.
    """
    from tensorflow_text import FastSentencepieceTokenizer

    source = FastSentencepieceTokenizer(model.source_tokenizer.proto)
    target = FastSentencepieceTokenizer(model.target_tokenizer.proto)
    search, _ = ids_signature(model, options)

    def translate(text: Tensor) -> dict[str, Tensor]:
        result = search(encode_source_fast(source.tokenize, text, model.max_source_length))
        tokens = result.pop("ids")[0, : result["length"][0]]
        return {"text": tf.reshape(target.detokenize(tokens), [1]), **result}

    return translate, specs([1], {"text": tf.string})
