"""What a search returns."""

from typing import NamedTuple

from keras_seq2seq.tensors import Tensor


class SearchResult(NamedTuple):
    """The tokens a search chose: one row for each example, or N rows, best first.

    The axes are [B, ...] for greedy search, and [B, N, ...] for beam search and sampling. A row
    that does not exist, since there are fewer than N hypotheses, has the ranking -1e9.

    Attributes:
        ids: int32 [B, T] or [B, N, T]; the chosen tokens, EOS where it was reached, then PAD. T is
            the search's `max_length`.
        length: int32 [B] or [B, N]; number of tokens before EOS.
        score: float32 [B] or [B, N]; natural logarithm of the probability that the model gives the
            tokens, EOS included, whatever penalties the search applied.
        ranking: float32 [B] or [B, N]; what the search maximised: the score with all penalties.
    """

    ids: Tensor
    length: Tensor
    score: Tensor
    ranking: Tensor
