"""Ends a run in time."""

import time

import keras


class TimeLimit(keras.callbacks.Callback):
    """Stops training after so many minutes, in the midst of an epoch if need be.

    The epoch is ended as any other: it is validated and may be the best.

    Args:
        minutes: float.

    Example:

    ```python
    limit = TimeLimit(minutes=20)
    model.fit(dataset, epochs=100, callbacks=[limit])
    limit.reached   # whether it was the clock that ended training
    ```
    """

    def __init__(self, minutes):
        super().__init__()
        self.minutes = minutes
        self.reached = False
        self.start = None

    def on_train_begin(self, logs=None):
        self.start = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self.start > 60 * self.minutes:
            self.reached = True
            self.model.stop_training = True
