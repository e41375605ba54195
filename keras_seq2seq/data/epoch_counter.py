"""Tells a dataset which batch of which epoch comes next."""

from collections.abc import Iterable
from typing import Any, TypeVar

import keras

from keras_seq2seq.specs.known_names import KnownNames

T = TypeVar("T")


class EpochCounter(KnownNames, keras.callbacks.Callback):
    """The place of a run in its data: set by `fit`, read by the dataset.

    `fit` makes more iterators of a dataset than there are epochs, and starts at a later epoch
    when it resumes. With this callback the order of epoch n depends on the seed and on n alone,
    and a resumed run sees what an unbroken one would have seen.

    A run that was broken off in the midst of an epoch goes on with `EpochCounter(epoch, batch)`
    and `fit(..., initial_epoch=epoch)`: the dataset leaves out the first `batch` batches of that
    epoch. Batches may also be skipped for good: the epoch then ends early, and `fit` warns that
    its input ran out of data.

    Args:
        epoch: int. The epoch before `fit` sets it.
        batch: int. Batches to leave out at its beginning; during `fit`, the batch that is next.
        skipped: iterable of (epoch, batch). Batches to leave out of their epoch.

    Example:

    ```python
    counter = EpochCounter()
    dataset = make_dataset(pairs, source_tokenizer, target_tokenizer, epoch_counter=counter)
    model.fit(dataset, epochs=10, initial_epoch=4, callbacks=[counter])
    ```
    """

    def __init__(self, epoch: int = 0, batch: int = 0, skipped: Iterable[tuple[int, int]] = ()):
        super().__init__()
        self.plan: list[Any] = []
        self.move(epoch, batch, skipped)

    def move(self, epoch: int, batch: int = 0, skipped: Iterable[tuple[int, int]] = ()) -> None:
        """Goes to another place, from which `fit(..., initial_epoch=epoch)` shall start."""
        self.epoch, self.batch = epoch, batch
        self.skipped = set(map(tuple, skipped))
        self._moved = True
        self._pass_skipped()

    def remaining(self, plan: list[T]) -> list[T]:
        """What is left of the batches of the epoch.

        >>> EpochCounter(batch=2, skipped=[(0, 3)]).remaining(list("abcde"))
        ['c', 'e']
        """
        self.plan = plan
        numbers = range(self.batch, len(plan))
        return [plan[number] for number in numbers if (self.epoch, number) not in self.skipped]

    def _pass_skipped(self) -> None:
        while (self.epoch, self.batch) in self.skipped:
            self.batch += 1

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if not self._moved or epoch != self.epoch:  # only the first epoch of a fit begins late
            self.epoch, self.batch = epoch, 0
            self._pass_skipped()
        self._moved = False

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        # To `fit` this is the end of the data. It must not look for more: a step that finds no
        # data may yet have counted itself and drawn the seeds of its dropout.
        if self.params["steps"] and self.batch >= self.params["steps"]:
            raise StopIteration

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.batch += 1
        self._pass_skipped()
