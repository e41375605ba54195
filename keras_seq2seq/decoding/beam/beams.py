"""What a beam search knows between two steps."""

from typing import Any, NamedTuple

from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.tensors import Tensor


class Beams(NamedTuple):
    """The open beginnings of each example, and the hypotheses it has.

    Attributes:
        position: int32 scalar, number of tokens chosen.
        last_ids: int32 [B K], the token of each open beginning that was chosen last.
        state: nest [B K, ...], the state of `step`.
        ids: int32 [B, K, T], the tokens of the open beginnings.
        score: float32 [B, K], their log-probability.
        ranking: float32 [B, K], the same behind constraints; -1e9 where there is none.
        coverage: float32 [B, K, S], attention so far; an empty tuple where it is unused.
        pool: [B, K, ...], the hypotheses, best first.
        count: int32 [B], hypotheses found, even if they were not good enough for the pool.
        done: bool [B].
    """

    position: Tensor
    last_ids: Tensor
    state: Any
    ids: Tensor
    score: Tensor
    ranking: Tensor
    coverage: Tensor
    pool: SearchResult
    count: Tensor
    done: Tensor
