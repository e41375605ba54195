"""Ends a run in time."""

import math
import time

import keras

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs
from keras_seq2seq.training.workers.workers import Workers


class TimeLimit(KnownNames, keras.callbacks.Callback):
    """Stops training after so many minutes, in the midst of an epoch if need be.

    The epoch is ended as any other: it is validated and may be the best. A run that is resumed
    has the time that was left.

    Args:
        minutes: `math.inf` only measures.
        workers: Those of the run: the clock of the slowest ends it for all, and of several limits
            the largest counts.

    Example:

    ```python
    limit = TimeLimit(minutes=20)
    model.fit(dataset, epochs=100, callbacks=[limit])
    limit.reached, limit.elapsed   # whether the clock ended training; seconds
    ```
    """

    checkpointed = ("elapsed",)

    def __init__(self, minutes: float, workers: Workers | None = None):
        super().__init__()
        self.workers = workers or Workers()
        self.minutes = minutes
        self.reached = False
        self.elapsed = 0.0
        self.seen = 0.0

    def on_train_begin(self, logs: Logs = None) -> None:
        self.elapsed, self.seen = 0.0, time.monotonic()
        (self.minutes,) = self.workers.agree(self.minutes)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._measure()
        if self.minutes < math.inf:
            (self.elapsed,) = self.workers.agree(self.elapsed)
        if self.elapsed > 60 * self.minutes:
            self.reached = True
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._measure()

    def _measure(self) -> None:
        now = time.monotonic()
        self.elapsed += now - self.seen
        self.seen = now
