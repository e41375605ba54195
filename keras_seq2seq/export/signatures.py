"""The functions that go into artefacts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.framing import encode_pair, encode_source, encode_source_fast
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.text_models.unknown_tokens import most_attended

Signature: TypeAlias = tuple[Callable[..., dict[str, Tensor]], list[tf.TensorSpec]]

# What a request sends where it has no wish of its own.
NEUTRAL = {name: about.neutral for name, about in OPTIONS.items() if about.neutral is not None}
OF_SAMPLING = (*(name for name, about in OPTIONS.items() if about.of == "sampling"), "max_length")


def text_signature(model: TextSeq2Seq, replace_unknown: bool = False) -> Signature:
    """Returns a function text [B] -> text [B], score [B], length [B], as TF Serving wants it.

    Every input and output has the batch axis alone, so that a server may join and split requests.

    Args:
        model: a `TextSeq2Seq`.
        replace_unknown: bool. Write the source token that was attended to most in the place of an
            unknown target token.
    """

    def serve(text):
        result, output = _search(model, text, SearchOptions(), replace_unknown)
        return {"text": output, "score": result.score, "length": result.length}

    return serve, [tf.TensorSpec([None], tf.string, name="text")]


def search_signature(
    model: TextSeq2Seq,
    options: SearchOptions,
    inputs: Sequence[str],
    replace_unknown: bool = False,
) -> Signature:
    """Returns a function of text [B] and options [B] that gives N results for each text.

    The options are tensors with the batch axis, since a server refuses scalars, and every request
    may have its own. What shapes the graph, as the number of beams, is fixed here.

    Args:
        model: a `TextSeq2Seq`.
        options: `SearchOptions` without data.
        inputs: names of the options that requests give: keys of `NEUTRAL`.
        replace_unknown: bool, as for `text_signature`; for one result.

    Returns:
        The function, and its signature. It gives `text`, string, `score` and `ranking`, float32,
        and `length`, int32, each [B], or [B, N] with N results; of a result that does not exist the
        ranking is -1e9 and the text empty.
    """

    def serve(text, *values):
        data = dict(zip(inputs, values, strict=True))
        options_of_rows = dataclasses.replace(options, **data)
        result, output = _search(model, text, options_of_rows, replace_unknown)
        return {
            "text": output,
            "score": result.score,
            "ranking": result.ranking,
            "length": result.length,
        }

    text = tf.TensorSpec([None], tf.string, name="text")
    return serve, [text, *(tf.TensorSpec([None], OPTIONS[n].kind, name=n) for n in inputs)]


def score_signature(model: TextSeq2Seq) -> Signature:
    """Returns a function source [B], target [B] -> score [B], tokens [B] for given targets.

    Args:
        model: a `TextSeq2Seq`.
    """

    def serve(source, target):
        x, y, _ = encode_pair(
            model.source_tokenizer,
            model.target_tokenizer,
            source,
            target,
            max_source_length=model.max_source_length,
        )
        scores, _ = model.seq2seq.score(x["source_ids"], y)  # [B, T]
        count = tf.reduce_sum(tf.cast(y != model.seq2seq.pad_id, tf.int32), axis=1)
        return {"score": tf.reduce_sum(scores, axis=1), "length": count}

    names = ("source", "target")
    return serve, [tf.TensorSpec([None], tf.string, name=name) for name in names]


def _search(model, text, options, replace_unknown):
    """Searches strings [B]: the `SearchResult` and its texts."""
    source_ids = encode_source(model.source_tokenizer, text, model.max_source_length)  # [B, S]
    result = model.seq2seq.search(source_ids, model.max_target_length, options)
    unknown = None
    if replace_unknown:
        _, attention = model.seq2seq.score(source_ids, result.ids)  # [B, T, S]
        unknown = most_attended(attention, model.source_tokenizer.tokenize_to_strings(text))
    return result, model.target_tokenizer.detokenize(result.ids, unknown=unknown)


def ids_signature(model: TextSeq2Seq, options: SearchOptions) -> Signature:
    """Returns a function ids [1, S] -> ids [1, T], length [1], score [1] for phones.

    S and T are the model's limits; see `encoders_up_to_eos`.

    Args:
        model: a `TextSeq2Seq`.
        options: `SearchOptions` with one result; data for one example.
    """
    seq2seq = model.seq2seq

    def translate(ids):
        result = seq2seq.search(ids, model.max_target_length, options)
        return {"ids": result.ids, "length": result.length, "score": result.score}

    return translate, [tf.TensorSpec([1, model.max_source_length], tf.int32, name="ids")]


def fast_text_signature(model: TextSeq2Seq, options: SearchOptions) -> Signature:
    """Returns a function text [1] -> text [1], length [1], score [1] that TFLite can hold.

    The tokenizers run as tensorflow-text's custom operators; the caller normalises the text, and
    sends none where it is blank.

    Args:
        model: a `TextSeq2Seq` with two `SentencePieceTokenizer`s.
        options: as for `ids_signature`.
    """
    import tensorflow_text

    source = tensorflow_text.FastSentencepieceTokenizer(model.source_tokenizer.proto)
    target = tensorflow_text.FastSentencepieceTokenizer(model.target_tokenizer.proto)
    seq2seq = model.seq2seq

    def translate(text):
        ids = encode_source_fast(source.tokenize, text, model.max_source_length)  # [1, S]
        result = seq2seq.search(ids, model.max_target_length, options)
        tokens = result.ids[0, : result.length[0]]
        output = tf.reshape(target.detokenize(tokens), [1])
        return {"text": output, "length": result.length, "score": result.score}

    return translate, [tf.TensorSpec([1], tf.string, name="text")]
