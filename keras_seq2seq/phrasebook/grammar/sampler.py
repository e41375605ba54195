"""Seeded choice that spreads evenly over the lexicon."""

import random
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


class Sampler:
    """Draws words so that none stays rare.

    Of two random candidates the one drawn less often wins ("the power of two choices"), which
    keeps rare words frequent enough to be learned. State lives here alone: no global generator.

    Args:
        seed: int.

    >>> Sampler(0).pick("abc") == Sampler(0).pick("abc")
    True
    """

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self._uses: Counter = Counter()

    def chance(self, probability: float) -> bool:
        """True with `probability`."""
        return self.random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, preferring what was picked less often so far."""
        first, second = self.random.choice(options), self.random.choice(options)
        winner = second if self._uses[second] < self._uses[first] else first
        self._uses[winner] += 1
        return winner

    def weighted(self, options: Sequence[T], weights: Sequence[int]) -> T:
        """One of `options` by `weights`."""
        return self.random.choices(options, weights)[0]
