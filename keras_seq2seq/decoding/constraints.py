"""What a search may choose: functions that change log-probabilities before each choice.

Each function here makes a constraint, `(log_probs [N, V], history) -> log_probs [N, V]`; a
search takes any number of them, and one that is not given costs nothing. Log-probabilities are not
normalised again, so that what is allowed keeps its score.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from keras import ops

from keras_seq2seq.decoding.history import History
from keras_seq2seq.decoding.option_checks import as_sequences, banned_table
from keras_seq2seq.tensors import Tensor

Constraint: TypeAlias = Callable[[Tensor, History], Tensor]

FORBIDDEN = -1e9  # far below any log-probability, and finite in every graph
DEAD = FORBIDDEN / 2  # what lies below was forbidden, or does not exist


def minimum_length(minimum: Tensor, eos_id: int) -> Constraint:
    """Keeps EOS from being chosen before `minimum` tokens, int tensor [B]."""

    def constrain(log_probs: Tensor, history: History) -> Tensor:
        early = history.position < history.per_row(minimum)  # [N]
        is_eos = ops.arange(ops.shape(log_probs)[-1]) == eos_id  # [V]
        return _forbid(log_probs, ops.logical_and(early[:, None], is_eos[None]))

    return constrain


def only_allowed(allowed: Tensor) -> Constraint:
    """Allows some tokens only, bool [B, V] or [1, V]; without EOS a row runs to its limit."""

    def constrain(log_probs: Tensor, history: History) -> Tensor:
        mask = allowed if allowed.shape[0] == 1 else history.per_row(allowed)
        return ops.where(mask, log_probs, FORBIDDEN)

    return constrain


def forced_tokens(forced: Tensor, otherwise: Sequence[Constraint] = ()) -> Constraint:
    """Forces tokens, int [B, P], at their places; a target prefix is the case of the first ones.

    The search is free, but for `otherwise`, where `forced` is -1 and behind its last column.
    """

    def constrain(log_probs: Tensor, history: History) -> Tensor:
        count = ops.shape(forced)[-1]  # differs from call to call
        places = ops.arange(count, dtype="int32")[None] == history.position  # [1, P]
        here = ops.max(ops.where(places, ops.cast(forced, "int32"), -1), axis=-1)  # [B]
        here = history.per_row(here)[:, None]  # [N, 1]
        tokens = ops.arange(ops.shape(log_probs)[-1], dtype="int32")[None]  # [1, V]
        only_here = _forbid(log_probs, tokens != here)
        return ops.where(here >= 0, only_here, _apply(otherwise, log_probs, history))

    return constrain


def banned_sequences(banned: Tensor | Sequence[Sequence[int]]) -> Constraint:
    """Forbids the last token of each sequence where the row ends with the tokens before it.

    They are the rows of an int tensor [N, L], of which both sizes may be known at run time alone,
    -1 before the short ones; or sequences of ids. What is not in the vocabulary bans nothing.
    """
    table = ops.cast(banned_table(as_sequences(banned)), "int32")

    def constrain(log_probs: Tensor, history: History) -> Tensor:
        vocabulary_size = ops.shape(log_probs)[-1]
        before, last = table[:, :-1], table[:, -1]  # [N, L - 1], [N]
        back = ops.shape(table)[1] - 1
        columns = history.position - back + ops.arange(back, dtype="int32")  # [L - 1]
        recent = ops.take(history.ids, ops.maximum(columns, 0), axis=1)
        recent = ops.where(columns >= 0, recent, -2)  # [R, L - 1], like nothing in the table
        same = ops.logical_or(before[None] == recent[:, None], before[None] < 0)
        ends = ops.all(same, axis=-1)  # [R, N]
        exists = ops.logical_and(last >= 0, last < vocabulary_size)  # [N]
        ends = ops.logical_and(ends, exists[None])
        tokens = ops.where(ends, last[None], 0)  # [R, N]
        return _forbid(log_probs, _mark(tokens, ends, vocabulary_size))

    return constrain


def no_repeat_ngram(size: int) -> Constraint:
    """Forbids tokens that would complete an n-gram, n = `size`, that the row holds already.

    Reference: [Paulus et al., 2017](https://arxiv.org/abs/1705.04304), section 2.5.
    """

    def constrain(log_probs: Tensor, history: History) -> Tensor:
        ids, width = history.ids, history.ids.shape[-1]
        count = width - size + 1  # n-grams that fit
        if count < 1:
            return log_probs
        last = [_column(ids, history.position - size + 1 + i) for i in range(size - 1)]
        ends = ops.arange(size - 1, width, dtype="int32")[None]  # [1, count], last places
        repeats = ops.logical_and(ends < history.position, ids[:, size - 1 :] >= 0)  # [N, count]
        for i, token in enumerate(last):
            repeats = ops.logical_and(repeats, ids[:, i : i + count] == token)
        repeats = ops.logical_and(repeats, history.position >= size)
        return _forbid(log_probs, _mark(ids[:, size - 1 :], repeats, ops.shape(log_probs)[-1]))

    return constrain


def repetition_penalty(penalty: Tensor) -> Constraint:
    """Multiplies the log-probability of all tokens chosen before by a float tensor [B], 1 or more.

    Reference: [Keskar et al., 2019](https://arxiv.org/abs/1909.05858), section 4.1, applied to
    log-probabilities, which makes it independent of the logits' origin.
    """

    def constrain(log_probs: Tensor, history: History) -> Tensor:
        chosen = ops.logical_and(history.chosen(), history.ids >= 0)  # [N, T]
        seen = _mark(history.ids, chosen, ops.shape(log_probs)[-1])  # [N, V]
        factor = history.per_row(ops.cast(penalty, log_probs.dtype))[:, None]
        return ops.where(seen, log_probs * factor, log_probs)

    return constrain


def constrain_all(
    constraints: Sequence[Constraint], log_probs: Tensor, history: History, eos_id: int
) -> Tensor:
    """Applies constraints one after the other; a row that may choose nothing any more may end."""
    free = log_probs
    log_probs = _apply(constraints, log_probs, history)
    stuck = ops.max(log_probs, axis=-1, keepdims=True) < DEAD  # [N, 1]
    is_eos = ops.arange(ops.shape(log_probs)[-1]) == eos_id  # [V]
    return ops.where(ops.logical_and(stuck, is_eos[None]), free, log_probs)


def _apply(constraints: Sequence[Constraint], log_probs: Tensor, history: History) -> Tensor:
    for constraint in constraints:
        log_probs = constraint(log_probs, history)
    return log_probs


def _forbid(log_probs: Tensor, mask: Tensor) -> Tensor:
    return ops.where(mask, FORBIDDEN, log_probs)


def _column(ids: Tensor, index: Tensor) -> Tensor:
    """Column `index`, a tensor, of ids [N, T] -> [N, 1]; zeros where there is none."""
    here = ops.arange(ids.shape[-1], dtype="int32")[None] == index
    return ops.sum(ops.where(here, ids, 0), axis=-1, keepdims=True)


def _mark(tokens: Tensor, which: Tensor, vocabulary_size: int) -> Tensor:
    """Bool [N, V]: the tokens [N, M] at which `which` [N, M] is true."""
    rows = ops.arange(ops.shape(tokens)[0], dtype="int32")[:, None] * vocabulary_size  # [N, 1]
    flat = ops.reshape(rows + tokens, (-1, 1))  # [N M, 1]
    votes = ops.reshape(ops.cast(which, "int32"), (-1,))
    counts = ops.scatter(flat, votes, (ops.shape(tokens)[0] * vocabulary_size,))
    return ops.reshape(counts, (-1, vocabulary_size)) > 0
