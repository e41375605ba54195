"""How far a run has come, and what it had to give up on the way."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

from keras_seq2seq.training.errors import NonFiniteLoss

FACTOR = 0.5  # of the learning rate, at each rollback


@dataclass(frozen=True)
class Progress:
    """The place of a run in its data, and its way around losses that are not finite.

    It is kept in every checkpoint, field by field.

    Args:
        epoch: The epoch of the batch that comes next, counted from 0.
        batch: Its number in the epoch, counted from 0.
        skipped: (epoch, batch) of those that are left out for good, sorted.
        bad_batches: What `bad_batches.json` lists.
        learning_rate_factor: What the learning rate is multiplied by.
        rollbacks_in_a_row: Rollbacks since a good checkpoint that the clock did not make.

    Example:

    >>> progress = Progress(epoch=2, batch=7).roll_back(NonFiniteLoss("NaN", epoch=2, batch=8))
    >>> progress.skipped, progress.learning_rate_factor, progress.calm().rollbacks_in_a_row
    (((2, 8),), 0.5, 0)
    """

    epoch: int = 0
    batch: int = 0
    skipped: tuple[tuple[int, int], ...] = ()
    bad_batches: tuple[dict[str, Any], ...] = ()
    learning_rate_factor: float = 1.0
    rollbacks_in_a_row: int = 0

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """Out of the state of a `Checkpoint`, which JSON has made lists of."""
        known = {field.name: state[field.name] for field in fields(cls)}
        known["skipped"] = tuple(map(tuple, known["skipped"]))
        return cls(**{**known, "bad_batches": tuple(known["bad_batches"])})

    def to_state(self) -> dict[str, Any]:
        """For the state of a `Checkpoint`; `of` reads it."""
        skipped = [list(place) for place in self.skipped]
        return {**vars(self), "skipped": skipped, "bad_batches": list(self.bad_batches)}

    def at(self, epoch: int, batch: int) -> Self:
        """The same at another place."""
        return replace(self, epoch=epoch, batch=batch)

    def calm(self) -> Self:
        """After a good stretch: the next rollback is the first in a row."""
        return replace(self, rollbacks_in_a_row=0)

    def roll_back(self, failure: NonFiniteLoss) -> Self:
        """Slower from now on, and without the batch that failed; whence is for `at` to say."""
        return replace(
            self,
            skipped=tuple(sorted({*self.skipped, (failure.epoch, failure.batch)})),
            learning_rate_factor=self.learning_rate_factor * FACTOR,
            rollbacks_in_a_row=self.rollbacks_in_a_row + 1,
        )

    def leaves_something(self, place: tuple[int, int], batches: int) -> bool:
        """Whether the epoch of a place has a batch left: without one it would have no loss."""
        epoch, first = place
        return any((epoch, number) not in self.skipped for number in range(first, batches))
