"""The functions that go into artefacts."""

import tensorflow as tf

from keras_seq2seq.text.framing import encode_source


def text_signature(model):
    """Returns a function text [B] -> text [B], score [B], length [B], as TF Serving wants it.

    Every input and output has the batch axis alone, so that a server may join and split requests.

    Args:
        model: a `TextSeq2Seq`.
    """

    def serve(text):
        source_ids = encode_source(model.source_tokenizer, text, model.max_source_length)  # [B, S]
        result = model.seq2seq.search(source_ids, model.max_target_length)
        output = model.target_tokenizer.detokenize(result.ids)
        return {"text": output, "score": result.score, "length": result.length}

    return serve, [tf.TensorSpec([None], tf.string, name="text")]


def ids_signature(model):
    """Returns a function ids [1, S] -> ids [1, T], length [1], score [1] for phones.

    S and T are the model's limits. The padding of the one sentence is cut off first: the encoder
    takes as many steps as there are tokens, and no mask is needed.

    Args:
        model: a `TextSeq2Seq`.
    """
    seq2seq = model.seq2seq

    def translate(ids):
        length = tf.reduce_sum(tf.cast(tf.not_equal(ids, seq2seq.pad_id), tf.int32))
        result = seq2seq.search(ids[:, :length], model.max_target_length, padded=False)
        return {"ids": result.ids, "length": result.length, "score": result.score}

    return translate, [tf.TensorSpec([1, model.max_source_length], tf.int32, name="ids")]


def fast_text_signature(model):
    """Returns a function text [1] -> text [1], length [1], score [1] that TFLite can hold.

    The tokenizers run as tensorflow-text's custom operators; the caller normalises the text.

    Args:
        model: a `TextSeq2Seq` with two `SentencePieceTokenizer`s.
    """
    import tensorflow_text

    source = tensorflow_text.FastSentencepieceTokenizer(model.source_tokenizer.proto)
    target = tensorflow_text.FastSentencepieceTokenizer(model.target_tokenizer.proto)
    seq2seq = model.seq2seq

    def translate(text):
        ids = source.tokenize(text).flat_values[: model.max_source_length - 1]
        ids = tf.concat([ids, [seq2seq.eos_id]], axis=0)[tf.newaxis]  # [1, S]
        result = seq2seq.search(ids, model.max_target_length, padded=False)
        tokens = result.ids[0, : result.length[0]]
        output = tf.reshape(target.detokenize(tokens), [1])
        return {"text": output, "length": result.length, "score": result.score}

    return translate, [tf.TensorSpec([1], tf.string, name="text")]
