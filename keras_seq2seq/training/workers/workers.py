"""The processes of a run: here one, on its own device."""

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import keras
import tensorflow as tf

from keras_seq2seq.training.workers.state_of_step import StateOfStep


class Workers:
    """What a run asks about the processes that train it together; here there is one.

    All of them do the same in the same order, since each waits for the others in every step. The
    chief alone writes.

    Attributes:
        index: int. The number of this one, from 0; 0 is the chief.
        count: int. Processes.
        devices: int. Devices of all of them, among which each batch is shared out.
        views_apart: bool. Whether a copy of the model translates while it is trained, because the
            model itself may lie on several devices.
    """

    index = 0
    count = 1
    devices = 1
    views_apart = False

    @property
    def chief(self) -> bool:
        """Whether this one writes."""
        return self.index == 0

    def scope(self) -> AbstractContextManager[Any]:
        """In it models and optimizers are made."""
        return contextlib.nullcontext()

    def together(self) -> AbstractContextManager[Any]:
        """In it they train."""
        return contextlib.nullcontext()

    def alone(self) -> AbstractContextManager[Any]:
        """In it the chief computes by itself, with models of its own."""
        return contextlib.nullcontext()

    def prepare(self, model: keras.Model) -> None:
        """Makes a model ready for `fit`."""

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """What stands before all others in `fit`."""
        return [StateOfStep()] if keras.backend.backend() == "jax" else []

    def share(self, dataset: tf.data.Dataset) -> Any:
        """What `fit` reads here of a dataset whose batches are those of all."""
        return dataset

    def agree(self, *numbers: float) -> list[float]:
        """The largest of what the workers say, number by number; each waits for all others."""
        return list(numbers)
