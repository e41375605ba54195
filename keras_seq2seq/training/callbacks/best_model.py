"""Keeps the best model of a run on disk."""

import math

import keras

from keras_seq2seq.file_hashes import sha256_of
from keras_seq2seq.objective.monitor import Monitor
from keras_seq2seq.objective.quantization_aware import still_exact
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.messages import Logs
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.workers.workers import Workers


class BestModel(KnownNames, keras.callbacks.Callback):
    """Writes `model.keras` after every epoch whose validation is the best so far.

    What is written is a float32 copy without optimizer, with the weights the model has at that
    moment: behind `SwapEMAWeights` in the list of callbacks, these are the averaged ones. Under
    an optimizer of `quantization_aware` any epoch with rounded weights is better than those before.

    Args:
        run: Where to write.
        monitor: The figure to look at, a column of `Monitor`.
        workers: Those of the run, of which the chief writes.

    Raises:
        TrainingError: the model cannot be written, as on a full disk.

    Example:

    ```python
    model.fit(dataset, validation_data=valid, callbacks=[BestModel(run)])
    ```
    """

    checkpointed = ("best", "best_epoch", "sha256", "is_exact")

    def __init__(
        self, run: RunDirectory, monitor: str = "val_loss", workers: Workers | None = None
    ):
        super().__init__()
        self.workers = workers or Workers()
        self.run = run
        self.monitor = Monitor(monitor)
        self.best = float("inf")  # of `Monitor.rank`
        self.best_epoch: int | None = None
        self.sha256: str | None = None  # of the file
        self.is_exact = False  # whether the best weights were yet to be rounded

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        rank = self.monitor.rank((logs or {}).get(self.monitor.column, float("nan")))
        is_exact = still_exact(getattr(self.model, "optimizer", None))
        if rank < self.best or (self.is_exact and not is_exact and math.isfinite(rank)):
            self.best, self.best_epoch, self.is_exact = rank, epoch + 1, is_exact
            self.write(self.model)

    def write(self, model: TextSeq2Seq) -> None:
        """Writes the file, with the weights that a model has now, and its hash."""
        if not self.workers.chief:
            return
        name = self.run.model.name
        with self.workers.alone(), self.run.replacing_for_sure(name) as temporary:
            model.copy(dtype="float32").save(temporary)
            self.run.expect(self.run.model.name, temporary)
            self.sha256 = sha256_of(temporary)
