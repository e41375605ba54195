"""Sampling."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_seq2seq.decoding.constraints import FORBIDDEN, Constraint
from keras_seq2seq.decoding.counter_noise import gumbel_noise
from keras_seq2seq.decoding.greedy import most_probable
from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.decoding.token_loop import choose_tokens
from keras_seq2seq.fast_paths.vocabulary import log_normalizer, top_tokens
from keras_seq2seq.tensors import Tensor

_FEW = (64, 256)  # tokens, among which those to draw from mostly are
COLDEST = OPTIONS["temperature"].least


def sample(
    step: Callable[..., Any],
    state: Any,
    first_ids: Tensor,
    *,
    seed: Tensor,
    max_length: int,
    eos_id: int,
    pad_id: int,
    num_return: int = 1,
    temperature: Tensor | None = None,
    top_k: Tensor | None = None,
    top_p: Tensor | None = None,
    finished: Tensor | None = None,
    limit: Tensor | None = None,
    constraints: Sequence[Constraint] = (),
) -> SearchResult:
    """Draws each token from the model's distribution, cut and sharpened as wanted.

    The same seed gives the same tokens, whatever else is in the batch. All options are given per
    example; one that is `None` costs nothing.

    Args:
        step, state, first_ids, max_length, eos_id, pad_id, finished, limit, constraints: see
            `greedy_search`; `step` is called with B N rows, those of an example together.
        seed: int tensor [B].
        num_return: N, how many samples are drawn for each example.
        temperature: float tensor [B], above 0. Logits are divided by it; `None` means 1. At the
            least that there is, 0.0001, the most probable token is taken.
        top_k: int tensor [B]. So many of the most probable tokens are drawn from; 0 means all.
        top_p: float tensor [B]. The most probable tokens that together reach this are drawn from.

    Returns:
        A `SearchResult` with the axes [B, N, ...], in the order of drawing. The score is that of
        the model as it is, at temperature 1.

    Example:

    >>> count_up = lambda ids, state: (50.0 * ops.one_hot(ids + 1, 6), state)
    >>> start, seed = ops.array([2], dtype="int32"), ops.array([7], dtype="int32")
    >>> result = sample(count_up, (), start, seed=seed, max_length=4, eos_id=4, pad_id=0)
    >>> result.ids.numpy().tolist()
    [[[3, 4, 0, 0]]]

    References: [Fan et al., 2018](https://arxiv.org/abs/1805.04833), section 5.1 (top-k);
    [Holtzman et al., 2020](https://arxiv.org/abs/1904.09751), section 3.1 (top-p).
    """

    def per_row(values: Tensor | None) -> Tensor | None:
        return None if values is None else ops.repeat(values, num_return, axis=0)  # [B N]

    seed, temperature, top_k, top_p = map(per_row, (seed, temperature, top_k, top_p))
    row = ops.arange(ops.shape(seed)[0], dtype="int32") % num_return

    def choose(log_probs: Tensor, position: Tensor) -> Tensor:
        noise = gumbel_noise(seed, row, position, log_probs.shape[-1])
        if temperature is not None:
            heat = ops.expand_dims(ops.cast(temperature, "float32"), axis=1)
            log_probs = log_probs / heat
            noise = ops.where(heat > COLDEST, noise, 0.0)
        return most_probable(keep_probable(log_probs, top_k, top_p) + noise)

    result = choose_tokens(
        step,
        keras.tree.map_structure(per_row, state),
        per_row(first_ids),
        choose,
        max_length=max_length,
        eos_id=eos_id,
        pad_id=pad_id,
        finished=per_row(finished),
        limit=per_row(limit),
        constraints=constraints,
        rows=num_return,
    )
    return SearchResult(
        ops.reshape(result.ids, (-1, num_return, max_length)),
        *(ops.reshape(values, (-1, num_return)) for values in result[1:]),
    )


def keep_probable(logits: Tensor, top_k: Tensor = None, top_p: Tensor = None) -> Tensor:
    """Forbids all but the most probable tokens of logits [N, V], by top_k [N] and top_p [N].

    Tokens as probable as the last one kept stay.
    """
    if top_k is None and top_p is None:
        return logits
    normalizer = log_normalizer(logits)  # [N]

    def threshold(counts: list[int]) -> Tensor:
        least, is_found = _least_probable(logits, normalizer, top_k, top_p, counts[0])
        if len(counts) == 1:
            return least
        return ops.cond(ops.all(is_found), lambda: least, lambda: threshold(counts[1:]))

    # To sort the whole vocabulary takes longer than all else in a step.
    vocabulary_size = logits.shape[-1]
    few = [count for count in _FEW if count < vocabulary_size]
    least = threshold([*few, vocabulary_size])  # [N]
    return ops.where(logits >= least[:, None], logits, FORBIDDEN)


def _least_probable(
    logits: Tensor, normalizer: Tensor, top_k: Tensor | None, top_p: Tensor | None, count: int
) -> tuple[Tensor, Tensor]:
    """The logit of the last token to keep, [N], and whether it is among the `count` best."""
    descending, _ = top_tokens(logits, count)  # [N, count]
    nobody = ops.zeros_like(descending[:, 0], dtype="int32") + 2**30  # [N]
    last = nobody
    if top_k is not None:
        most = ops.cast(top_k, "int32")
        last = ops.where(most > 0, most - 1, last)
    if top_p is not None:
        share = ops.cast(top_p, "float32")
        reached = ops.cumsum(ops.exp(descending - normalizer[:, None]), axis=-1)
        below = ops.sum(ops.cast(reached < share[:, None], "int32"), axis=-1)  # [N]
        # Rounded, the sum of all may stay below a share that is nearly all.
        below = ops.where(share < 1.0, below, nobody)
        last = ops.minimum(last, below)
    here = ops.arange(count, dtype="int32")[None] == last[:, None]
    least = ops.sum(ops.where(here, descending, 0.0), axis=-1)
    is_found = last < count
    is_free = last == nobody
    least = ops.where(is_found, least, 2 * FORBIDDEN)
    return least, ops.logical_or(is_found, is_free)
