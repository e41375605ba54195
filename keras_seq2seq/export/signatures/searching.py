"""Signatures that search: text in, the model's own text out."""

from collections.abc import Sequence

import tensorflow as tf

from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.export.signatures.served_model import ServedModel, same_rows
from keras_seq2seq.export.signatures.signature import Signature, specs
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import EOS

# What a request sends where it has no wish of its own.
NEUTRAL = {name: about.neutral for name, about in OPTIONS.items() if about.neutral is not None}
OF_SAMPLING = (*(name for name, about in OPTIONS.items() if about.of == "sampling"), "max_length")


def search_signature(
    served: ServedModel,
    options: SearchOptions,
    inputs: Sequence[str] = (),
    asked: Sequence[str] = (),
) -> Signature:
    """Returns a function of text [B] and options [B], and what they are.

    Every input has the batch axis alone, since a server refuses scalars and joins and splits
    requests, each of which may have its own options, those of `NEUTRAL` that `asked` names. Others
    of `inputs` are neutral: signatures that have the same inputs share one search in the graph.

    The function gives `text`, string; `score`, float32; `length`, int32; `finished`, bool; of beams
    also `ranking`, float32: each [B], of beams [B, N]; and `truncated`, bool [B]. Of a result that
    does not exist the ranking is -1e9 and the text empty.
    """

    def serve(text: Tensor, *values: Tensor) -> dict[str, Tensor]:
        ids, truncated = served.read(text)  # [B, S]
        rows = tf.shape(text)
        values = tuple(same_rows(value, rows) for value in values)
        given = {
            name: tf.fill(rows, tf.constant(NEUTRAL[name], OPTIONS[name].kind)) for name in inputs
        }
        given |= dict(zip(asked, values, strict=True))
        result = served.search(ids, options, given)
        unknown = None
        if served.replace_unknown and not options.sampling and options.num_return == 1:
            _, attention = served.score(ids, result.ids)  # [B, T, S]
            unknown = served.unknown_words(text, attention)
        found = {**told(result), "text": served.write(result.ids, unknown)}
        if options.beam_size > 1:
            found["ranking"] = result.ranking
            shape = [-1, options.num_return]
            found = {name: tf.reshape(value, shape) for name, value in found.items()}
        return {**found, "truncated": truncated}

    kinds = {"text": tf.string, **{name: OPTIONS[name].kind for name in asked}}
    return serve, specs([None], kinds)


def told(result: SearchResult) -> dict[str, Tensor]:
    """What is told of every search: score, length before EOS, and whether it came to its end."""
    finished = tf.reduce_any(result.ids == EOS, axis=-1) | (result.length == 0)
    return {"score": result.score, "length": result.length, "finished": finished}
