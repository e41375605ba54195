"""Writes checkpoints while a model is trained, and starts from one."""

import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

import keras

from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.objective.recoverable_optimizer import set_learning_rate_factor
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.callbacks.best_model import BestModel
from keras_seq2seq.training.errors import TrainingInterrupted
from keras_seq2seq.training.messages import Logs
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.recovery.interruption import Interruption
from keras_seq2seq.training.recovery.progress import Progress
from keras_seq2seq.training.recovery.resume_command import resume_command
from keras_seq2seq.training.recovery.training_state import TrainingState
from keras_seq2seq.training.workers.workers import Workers


@dataclass(eq=False, repr=False)
class Checkpointing(KnownNames, keras.callbacks.Callback):
    """Brings a checkpoint back when training begins, and writes new ones as it goes.

    One is written at the beginning, at the end of each epoch, every `steps` batches of an
    epoch, every so many minutes, and when a signal came. It stands last in the list of
    callbacks, so that it sees what all others did. Where one cannot be written, as on a full
    disk, that is told; training goes on, and the last one stays.

    Args:
        store: Where they are written.
        state: That of the model and its callbacks.
        counter: The place in the data.
        facts: What each checkpoint holds besides: what the run began with.
        minutes: Time between two checkpoints; 0 writes none by the clock.
        steps: Batches between two checkpoints of an epoch; 0 writes none within epochs.
        best: Knows the best epoch.
        interruption: Knows whether a signal came.
        workers: Those of the run. A signal or the clock of one is one for all.

    Attributes:
        progress: `Progress`. How far the run has come; nobody else changes it.

    Raises:
        TrainingInterrupted: a signal came, and the checkpoint is written.
    """

    store: CheckpointStore
    state: TrainingState
    counter: EpochCounter
    facts: dict[str, Any]
    minutes: float = 0.0
    steps: int = 0
    best: BestModel | None = None
    interruption: Interruption | None = None
    workers: Workers = field(default_factory=Workers)

    def __post_init__(self):
        super().__init__()
        self.progress = Progress()
        self.start: Checkpoint | None = None  # what training starts from
        self.written = 0.0
        self.metrics_to_come: Checkpoint | None = None

    def begin_at(self, start: Checkpoint | None, epochs: int) -> int:
        """Lets the next fit start from a checkpoint, or anew; gives the epoch it starts with."""
        self.start = start
        self.progress = Progress() if start is None else start.progress
        self.counter.move(self.progress.epoch, self.progress.batch, self.progress.skipped)
        stopped = start is not None and start.state["stop_training"]
        return epochs if stopped else self.progress.epoch

    def on_train_begin(self, logs: Logs = None) -> None:
        self.written = time.monotonic()
        if self.start is None:
            self._save(0, 0)
            return
        self.state.restore(self.start)
        set_learning_rate_factor(self.model.optimizer, self.progress.learning_rate_factor)
        self.metrics_to_come = self.start if self.progress.batch else None

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.metrics_to_come is not None:
            self.state.restore_metrics(self.metrics_to_come)
            self.metrics_to_come = None
        epoch, number = self.counter.epoch, self.counter.batch
        if number >= (self.params["steps"] or float("inf")):
            return  # the end of the epoch comes at once
        late = self.minutes and time.monotonic() - self.written > 60 * self.minutes
        # Once: a signal that comes from now on waits for the next batch.
        asked, late = map(int, self.workers.agree(self._signal or 0, bool(late)))
        if self.steps and number % self.steps == 0:
            self._save(epoch, number)
        elif asked or late:
            self._save(epoch, number, timed=True)
        if asked:
            self._leave(asked)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._save(epoch + 1, 0)
        # And wait for the chief's files of this epoch, which others may read in the next one.
        (asked,) = map(int, self.workers.agree(self._signal or 0))
        if asked:
            self._leave(asked)

    @property
    def _signal(self) -> int | None:
        return self.interruption and self.interruption.signal

    def _save(self, epoch: int, batch: int, timed: bool = False) -> None:
        progress = self.progress.at(epoch, batch)
        self.progress = progress if timed else progress.calm()
        best_epoch = self.best and self.best.best_epoch
        known = {**self.facts, **self.progress.to_state()}
        try:
            self.store.save(self.state.capture(timed=timed, best_epoch=best_epoch, **known))
        except OSError as error:
            kept = "the last one stays" if self.store.places() else "there is none yet"
            self.store.say(f"No checkpoint could be written: {error}. Training goes on; {kept}.")
        self.written = time.monotonic()

    def _leave(self, signal: int) -> NoReturn:
        where = "Nothing could be saved."
        for epoch, batch in self.store.places()[:1]:
            known = self.facts.get("config", {}).get("training", {})
            command = resume_command(
                self.store.path.parent, known.get("distribute", "none"), self.workers.count
            )
            where = (
                f"A checkpoint is written (epoch {epoch + 1}, batch {batch + 1}). Resume with: "
                f"{command}"
            )
        raise TrainingInterrupted(f"Training was interrupted. {where}", signal)
