"""The mean of the weights of the last epochs."""

from __future__ import annotations

import keras
import numpy as np

from keras_seq2seq.training.errors.training_error import TrainingError
from keras_seq2seq.training.messages import Logs
from keras_seq2seq.training.runs.run_directory import RunDirectory


class CheckpointAverage(keras.callbacks.Callback):
    """Validates and keeps the mean of the weights that the last epochs ended with.

    While an epoch is trained the model has its own weights. For validation, and after the epoch
    for the callbacks behind this one, it has the mean of those that it and the epochs before
    ended with; it keeps it after the last epoch. An alternative to a moving average.

    The weights of each epoch lie in files, so that a run that is resumed finds them again.

    Args:
        run: `RunDirectory`.
        epochs: int, at least 1. How many epochs are averaged; fewer at the beginning.

    Example:

    ```python
    model.fit(dataset, callbacks=[CheckpointAverage(run, epochs=5), BestModel(run)])
    ```

    Raises:
        TrainingError: a file cannot be written, as on a full disk.

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
        if self.epoch is None:  # not within `fit`
            return
        self.own = [variable.numpy() for variable in self.model.trainable_variables]
        self._assign(self._mean(self.epoch))

    def on_test_end(self, logs: Logs = None) -> None:
        if self.own is not None:
            self._assign(self.own)
            self.own = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        own = [variable.numpy() for variable in self.model.trainable_variables]
        self._write(epoch, own)
        self._assign(self._mean(epoch))
        self.averaged = epoch
        # Some more than are needed: a run may go back to an older checkpoint.
        (self.run.path / self._name(epoch - 2 * self.epochs - 2)).unlink(missing_ok=True)

    def on_train_end(self, logs: Logs = None) -> None:
        self.epoch = None

    def _mean(self, epoch) -> list[np.ndarray]:
        """The mean of the weights of now and of the ends of the epochs before."""
        total = [variable.numpy().astype("float64") for variable in self.model.trainable_variables]
        count = 1
        for before in range(max(0, epoch + 1 - self.epochs), epoch):
            if not (self.run.path / self._name(before)).exists():
                continue
            for sum_, array in zip(total, self._read(before), strict=True):
                sum_ += array
            count += 1
        return [array / count for array in total]

    def _write(self, epoch, arrays) -> None:
        path = self.run.path / self._name(epoch)
        try:
            with self.run.replacing(path.name) as temporary, open(temporary, "wb") as file:
                np.savez(file, *arrays)
        except OSError as error:
            raise TrainingError(
                f"{path} cannot be written: {error}. Make room, then resume with: keras-seq2seq "
                f"train --resume {self.run.path}"
            ) from error

    def _assign(self, arrays) -> None:
        for variable, array in zip(self.model.trainable_variables, arrays, strict=True):
            variable.assign(array)

    def _read(self, epoch) -> list[np.ndarray]:
        with np.load(self.run.path / self._name(epoch)) as file:
            return [file[name] for name in file.files]

    def _name(self, epoch) -> str:
        return f"epoch_{epoch + 1:04d}.weights.npz"
