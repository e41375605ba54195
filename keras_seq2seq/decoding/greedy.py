"""Greedy search."""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_seq2seq.decoding.constraints import Constraint
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.decoding.token_loop import choose_tokens
from keras_seq2seq.tensors import Tensor


def greedy_search(
    step: Callable[..., Any],
    state: Any,
    first_ids: Tensor,
    *,
    max_length: int,
    eos_id: int,
    pad_id: int,
    finished: Tensor | None = None,
    limit: Tensor | None = None,
    constraints: Sequence[Constraint] = (),
) -> SearchResult:
    """Takes the most probable token at each step, until EOS or `max_length` tokens.

    Args:
        step: callable `(ids [B], state) -> (logits float32 [B, V], state)`; further results, as
            attention weights, are allowed.
        state: any nest of tensors with batch axis B; handed to `step` and taken back from it.
        first_ids: int32 tensor [B], the tokens to start from: BOS.
        max_length: T, at most so many tokens are chosen, EOS included.
        eos_id: the token that ends a row.
        pad_id: what follows EOS in the result.
        finished: bool tensor [B], rows that shall stay empty; `None` means none.
        limit: int32 tensor [B], at most so many tokens in each row, EOS included; `None` means T.
        constraints: see `keras_seq2seq.decoding.constraints`.

    Returns:
        A `SearchResult` with the axes [B, ...]. The loop ends as soon as every row has ended.

    Example:

    >>> import keras
    >>> count_up = lambda ids, state: (keras.ops.one_hot(ids + 1, 6), state)
    >>> start = keras.ops.array([2], dtype="int32")
    >>> greedy_search(count_up, (), start, max_length=5, eos_id=4, pad_id=0).length
    <tf.Tensor: shape=(1,), dtype=int32, numpy=array([1], dtype=int32)>
    """
    return choose_tokens(
        step,
        state,
        first_ids,
        lambda log_probs, position: most_probable(log_probs),
        max_length=max_length,
        eos_id=eos_id,
        pad_id=pad_id,
        finished=finished,
        limit=limit,
        constraints=constraints,
        rows=1,
    )


def most_probable(values: Tensor) -> Tensor:
    """The index of the largest of each row: [N, V] -> int32 [N]."""
    _, token = ops.top_k(values, 1)  # not argmax, which TFLite's own operators lack
    return ops.cast(token[:, 0], "int32")
