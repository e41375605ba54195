"""The mean of the weights of the last epochs."""

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs
from keras_seq2seq.training.run_directory import RunDirectory


class CheckpointAverage(KnownNames, keras.callbacks.Callback):
    """Validates and keeps the mean of the weights that the last epochs ended with.

    While an epoch is trained the model has its own weights. For validation, and after the epoch
    for the callbacks behind this one, it has the mean of those that it and the epochs before
    ended with; it keeps it after the last epoch. An alternative to a moving average.

    The weights of each epoch lie in files, so that a run that is resumed finds them again.

    Args:
        run: Where the files lie.
        epochs: How many epochs are averaged, at least 1; fewer at the beginning.

    Raises:
        TrainingError: a file cannot be written, as on a full disk.

    Example:

    ```python
    model.fit(dataset, callbacks=[CheckpointAverage(run, epochs=5), BestModel(run)])
    ```

    Reference: [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 6.1.
    """

    checkpointed = ("averaged",)
    files = "epoch_*.weights.npz"

    def __init__(self, run: RunDirectory, epochs: int):
        super().__init__()
        self.run = run
        self.epochs = epochs
        # The epoch whose own weights wait in a file, while the mean is in.
        self.averaged: int | None = None
        self.own: list[np.ndarray] | None = None
        self.epoch: int | None = None  # the one that `fit` is in

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch
        if self.averaged is not None:  # back to what the epoch before had come to
            self._assign(self._read(self.averaged))
            self.averaged = None

    def on_test_begin(self, logs: Logs = None) -> None:
        if self.epoch is not None:  # within `fit`
            self.own = self._weights()
            self._assign(self._mean(self.epoch))

    def on_test_end(self, logs: Logs = None) -> None:
        if self.own is not None:
            self._assign(self.own)
            self.own = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        with (
            self.run.replacing_for_sure(self._path(epoch).name) as temporary,
            open(temporary, "wb") as file,
        ):
            np.savez(file, *self._weights())
        self._assign(self._mean(epoch))
        self.averaged = epoch
        # Some more than are needed: a run may go back to an older checkpoint.
        self._path(epoch - 2 * self.epochs - 2).unlink(missing_ok=True)

    def on_train_end(self, logs: Logs = None) -> None:
        self.epoch = None

    def _mean(self, epoch: int) -> list[np.ndarray]:
        """The mean of the weights of now and of the ends of the epochs before."""
        total = [array.astype("float64") for array in self._weights()]
        epochs = range(max(0, epoch + 1 - self.epochs), epoch)
        before = [other for other in epochs if self._path(other).exists()]
        for other in before:
            for sum_, array in zip(total, self._read(other), strict=True):
                sum_ += array
        return [array / (1 + len(before)) for array in total]

    def _weights(self) -> list[np.ndarray]:
        return [variable.numpy() for variable in self.model.trainable_variables]

    def _assign(self, arrays: Iterable[np.ndarray]) -> None:
        for variable, array in zip(self.model.trainable_variables, arrays, strict=True):
            variable.assign(array)

    def _read(self, epoch: int) -> list[np.ndarray]:
        with np.load(self._path(epoch)) as file:
            return [file[name] for name in file.files]

    def _path(self, epoch: int) -> Path:
        return self.run.path / f"epoch_{epoch + 1:04d}.weights.npz"
