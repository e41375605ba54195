"""The loop of all searches that choose one token for each row and step."""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_seq2seq.decoding.constraints import Constraint, constrain_all
from keras_seq2seq.decoding.history import History
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.fast_paths.vocabulary import log_normalizer
from keras_seq2seq.tensors import Tensor


def choose_tokens(
    step: Callable[..., Any],
    state: Any,
    first_ids: Tensor,
    choose: Callable[[Tensor, Tensor], Tensor],
    *,
    max_length: int,
    eos_id: int,
    pad_id: int,
    finished: Tensor | None,
    limit: Tensor | None,
    constraints: Sequence[Constraint],
    rows: int,
) -> SearchResult:
    """Chooses tokens for N rows, so many `rows` for each example, until all met EOS or their limit.

    The other arguments, and what is returned, are those of `greedy_search`, for N rows. `choose`
    makes tokens int32 [N] of (log_probs [N, V], position); it gets logits where there is no
    constraint, which differ from log-probabilities by a constant for each row.
    """
    first_ids = ops.cast(first_ids, "int32")
    zeros = ops.zeros_like(first_ids)  # [N]
    if finished is None:
        finished = ops.not_equal(zeros, zeros)
    if limit is not None:
        finished = ops.logical_or(finished, limit < 1)
    columns = ops.expand_dims(ops.arange(max_length, dtype="int32"), axis=0)  # [1, T]
    ids = ops.expand_dims(zeros, axis=1) + ops.zeros_like(columns) + pad_id  # [N, T]
    score = ops.cast(zeros, "float32")

    def unfinished(position, last_ids, state, finished, ids, length, score, ranking):
        return ops.logical_and(position < max_length, ops.logical_not(ops.all(finished)))

    def body(position, last_ids, state, finished, ids, length, score, ranking):
        logits, state, *_ = step(last_ids, state)
        norm = log_normalizer(logits)  # [N]
        values = logits
        if constraints:
            values = logits - ops.expand_dims(norm, axis=1)  # [N, V]
            values = constrain_all(constraints, values, History(position, ids, rows), eos_id)
        token = choose(values, position)
        gain = pick(logits, token) - norm
        ranked = pick(values, token) if constraints else gain
        token = ops.where(finished, pad_id, token)
        score = score + ops.where(finished, 0.0, gain)
        ranking = ranking + ops.where(finished, 0.0, ranked)
        ids = ops.where(ops.equal(columns, position), ops.expand_dims(token, axis=1), ids)
        position = position + 1
        ended = ops.logical_or(finished, ops.equal(token, eos_id))
        length = length + ops.cast(ops.logical_not(ended), "int32")
        if limit is not None:
            ended = ops.logical_or(ended, position >= limit)
        return position, token, state, ended, ids, length, score, ranking

    start = ops.convert_to_tensor(0, dtype="int32")
    loop = (start, first_ids, state, finished, ids, zeros, score, score)
    *_, ids, length, score, ranking = ops.while_loop(unfinished, body, loop)
    return SearchResult(ids, length, score, ranking)


def pick(values: Tensor, token: Tensor) -> Tensor:
    """values [N, V] at token [N] -> [N]."""
    width = ops.shape(values)[-1]
    rows = ops.arange(ops.shape(token)[0], dtype="int32") * width  # [N]
    return ops.take(ops.reshape(values, (-1,)), rows + token, axis=0)
