"""Callbacks that run on one process, with a model on one device."""

from collections.abc import Sequence

import keras

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs
from keras_seq2seq.training.workers.workers import Workers


class OnChief(KnownNames, keras.callbacks.Callback):
    """Lets the chief run callbacks at the end of each epoch, with a copy of the model.

    So they need neither the devices nor the patience of the other workers, but for waiting.

    Args:
        workers: Those of the run.
        inner: Callbacks that translate.
        figures: What they add to the figures of an epoch; all workers get it.
    """

    def __init__(
        self,
        workers: Workers,
        inner: Sequence[keras.callbacks.Callback],
        figures: Sequence[str] = (),
    ):
        super().__init__()
        self.workers = workers
        self.inner = list(inner)
        self.figures = list(figures)
        self.twin: keras.Model | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = {} if logs is None else logs
        if self.workers.chief:
            with self.workers.alone():
                self._update_twin()
                for callback in self.inner:
                    callback.on_epoch_end(epoch, logs)
        if self.figures:
            known = self.workers.agree(*(logs.get(name, 0.0) for name in self.figures))
            logs.update(zip(self.figures, known, strict=True))

    def on_train_end(self, logs: Logs = None) -> None:
        for callback in self.inner if self.workers.chief else ():
            callback.on_train_end(logs)

    def _update_twin(self) -> None:
        if self.twin is None:
            self.twin = self.model.copy()
            for callback in self.inner:
                callback.set_model(self.twin)
            return
        self.twin.set_weights(self.model.get_weights())
