"""Which of two epochs is better."""

import dataclasses
from typing import Self

_THE_MORE_THE_BETTER = ("accuracy", "bleu", "chrf")


@dataclasses.dataclass(frozen=True)
class Monitor:
    """A figure by which epochs are compared, and whether it shall be high or low.

    Args:
        column: Its name in logs and `metrics.csv`. Scores and accuracies shall be high.

    Example:

    >>> bleu = Monitor.of_validation("bleu")
    >>> bleu.column, bleu.mode, bleu.rank(30.0) < bleu.rank(20.0)
    ('val_bleu', 'max', True)
    """

    column: str = "val_loss"

    @classmethod
    def of_validation(cls, name: str) -> Self:
        """The one of a name as `training.monitor` has it: `loss` or `bleu`."""
        return cls(f"val_{name}")

    @property
    def mode(self) -> str:
        """`"max"` or `"min"`, as callbacks of Keras take it."""
        return "max" if any(word in self.column for word in _THE_MORE_THE_BETTER) else "min"

    def rank(self, value: float) -> float:
        """What is the lower, the better the value."""
        return -value if self.mode == "max" else value
