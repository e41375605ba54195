"""What a search returns."""

from typing import Any, NamedTuple


class SearchResult(NamedTuple):
    """The tokens a search chose, one row per example.

    Attributes:
        ids: int32 tensor [B, T]; the chosen tokens, EOS where it was reached, then PAD. T is the
            search's `max_length`.
        length: int32 tensor [B]; number of tokens before EOS.
        score: float32 tensor [B]; natural logarithm of the probability of the tokens, EOS
            included.
    """

    ids: Any
    length: Any
    score: Any
