"""The few tokens that a search looks at."""

from typing import Any, NamedTuple


class ListedTokens(NamedTuple):
    """The K tokens of a search that looks at no others.

    Attributes:
        kernel: float tensor [D, K], the vectors of these tokens.
        bias: float32 tensor [K], or `()`.
        allowed: bool tensor [B, K], those that each source's own list has.
    """

    kernel: Any
    bias: Any
    allowed: Any
