"""Writes checkpoints while a model is trained, and starts from one."""

import time

import keras

from keras_seq2seq.objective.recoverable_optimizer import set_learning_rate_factor
from keras_seq2seq.training.errors.training_interrupted import TrainingInterrupted


class Checkpointing(keras.callbacks.Callback):
    """Brings a checkpoint back when training begins, and writes new ones as it goes.

    One is written at the beginning, at the end of each epoch, every `steps` batches of an
    epoch, every so many minutes, and when a signal came. It stands last in the list of
    callbacks, so that it sees what all others did. Where one cannot be written, as on a full
    disk, that is told; training goes on, and the last one stays.

    Args:
        store: `CheckpointStore`.
        state: `TrainingState` of the model and its callbacks.
        counter: `EpochCounter`.
        facts: dict of what each checkpoint holds besides: configuration, fingerprint, skipped
            batches.
        minutes: float. Time between two checkpoints; 0 writes none by the clock.
        steps: int. Batches between two checkpoints of an epoch; 0 writes none within epochs.
        best: `BestModel` or `None`, which knows the best epoch.
        interruption: `Interruption` or `None`.

    Raises:
        TrainingInterrupted: a signal came, and the checkpoint is written.

    Example:

    ```python
    checkpointing = Checkpointing(store, TrainingState(model, callbacks), counter, facts)
    checkpointing.start = store.newest()
    model.fit(dataset, initial_epoch=3, callbacks=[*callbacks, checkpointing])
    ```
    """

    def __init__(
        self, store, state, counter, facts, minutes=0.0, steps=0, best=None, interruption=None
    ):
        super().__init__()
        self.store = store
        self.state = state
        self.counter = counter
        self.facts = facts
        self.minutes = minutes
        self.steps = steps
        self.best = best
        self.interruption = interruption
        self.start = None  # the `Checkpoint` that training starts from
        self.written = 0.0
        self.metrics_to_come = None

    def begin_at(self, start, epochs):
        """Lets the next fit start from a checkpoint, or anew; gives the epoch it starts with.

        Args:
            start: `Checkpoint` or `None`.
            epochs: int. Epochs of the run; a run that had stopped before does none.
        """
        self.start = start
        if start is None:
            self.counter.move(0)
            return 0
        self.facts.update({name: start.state[name] for name in self.facts})
        self.counter.move(*start.place, self.facts["skipped"])
        return epochs if start.state["stop_training"] else start.state["epoch"]

    def on_train_begin(self, logs=None):
        self.written = time.monotonic()
        if self.start is None:
            self._save(0, 0)
            return
        self.state.restore(self.start)
        set_learning_rate_factor(self.model.optimizer, self.facts["learning_rate_factor"])
        self.metrics_to_come = self.start if self.start.state["batch"] else None

    def on_train_batch_end(self, batch, logs=None):
        if self.metrics_to_come is not None:
            self.state.restore_metrics(self.metrics_to_come)
            self.metrics_to_come = None
        epoch, number = self.counter.epoch, self.counter.batch
        if number >= (self.params["steps"] or float("inf")):
            return  # the end of the epoch comes at once
        asked = self.interruption is not None and self.interruption.signal
        late = self.minutes and time.monotonic() - self.written > 60 * self.minutes
        if self.steps and number % self.steps == 0:
            self._save(epoch, number)
        elif asked or late:
            self._save(epoch, number, timed=True)
        if asked:
            self._leave()

    def on_epoch_end(self, epoch, logs=None):
        self.facts["rollbacks_in_a_row"] = 0
        self._save(epoch + 1, 0)
        if self.interruption is not None and self.interruption.signal:
            self._leave()

    def _save(self, epoch, batch, timed=False):
        if not timed and batch:
            self.facts["rollbacks_in_a_row"] = 0
        best_epoch = self.best and self.best.best_epoch
        checkpoint = self.state.capture(
            epoch=epoch, batch=batch, timed=timed, best_epoch=best_epoch, **self.facts
        )
        try:
            self.store.save(checkpoint)
        except OSError as error:
            kept = "the last one stays" if self.store.places() else "there is none yet"
            self.store.say(f"No checkpoint could be written: {error}. Training goes on; {kept}.")
        self.written = time.monotonic()

    def _leave(self):
        places = self.store.places()
        where = "Nothing could be saved."
        if places:
            epoch, batch = places[0]
            run = self.store.path.parent
            where = f"Resume with: keras-seq2seq train --resume {run}"
            where = f"A checkpoint is written (epoch {epoch + 1}, batch {batch + 1}). {where}"
        raise TrainingInterrupted(f"Training was interrupted. {where}", self.interruption.signal)
