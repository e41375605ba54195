"""The functions that go into artefacts."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

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


def search_signature(
    model: TextSeq2Seq,
    options: SearchOptions,
    inputs: Sequence[str],
    replace_unknown: bool,
    ranked: bool = True,
) -> Signature:
    """Returns a function of text [B] and options [B] that gives N results for each text.

    Every input has the batch axis alone, since a server refuses scalars and joins and splits
    requests, each of which may have its own options, those of `NEUTRAL` that `inputs` names.

    The function gives `text`, string, `score` and, if `ranked`, `ranking`, float32, and `length`,
    int32, each [B], or [B, N] with N results; of a result that does not exist the ranking is -1e9
    and the text empty.
    """

    def serve(text: Tensor, *values: Tensor) -> dict[str, Tensor]:
        source_ids = encode_source(model.source_tokenizer, text, model.max_source_length)  # [B, S]
        search = dataclasses.replace(options, **dict(zip(inputs, values, strict=True)))
        result = model.seq2seq.search(source_ids, model.max_target_length, search)
        unknown = None
        if replace_unknown:
            _, attention = model.seq2seq.score(source_ids, result.ids)  # [B, T, S]
            strings = model.source_tokenizer.tokenize_to_strings(text, model.max_source_length)
            unknown = most_attended(attention, strings)
        output = model.target_tokenizer.detokenize(result.ids, unknown=unknown)
        outputs = {"text": output, "score": result.score, "length": result.length}
        return {**outputs, "ranking": result.ranking} if ranked else outputs

    specs = {"text": tf.string, **{name: OPTIONS[name].kind for name in inputs}}
    return serve, _specs([None], specs)


def score_signature(model: TextSeq2Seq) -> Signature:
    """Returns a function source [B], target [B] -> score [B], tokens [B] for given targets."""

    def serve(source: Tensor, target: Tensor) -> dict[str, Tensor]:
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

    return serve, _specs([None], {"source": tf.string, "target": tf.string})


def ids_signature(model: TextSeq2Seq, options: SearchOptions) -> Signature:
    """Returns a function ids [1, S] -> ids [1, T], length [1], score [1] for phones.

    S and T are the model's limits; see `tflite`. The options are for one example.
    """

    def translate(ids: Tensor) -> dict[str, Tensor]:
        result = model.seq2seq.search(ids, model.max_target_length, options)
        return {"ids": result.ids, "length": result.length, "score": result.score}

    return translate, _specs([1, model.max_source_length], {"ids": tf.int32})


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

    return translate, _specs([1], {"text": tf.string})


def _specs(shape: list[int | None], kinds: dict[str, Any]) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(shape, kind, name=name) for name, kind in kinds.items()]
