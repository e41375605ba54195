"""Learning rate, gradient norm and speed beside loss and metrics; all of them in TensorBoard."""

import os
import time

import keras

from keras_seq2seq.objective.recoverable_optimizer import gradient_norm_of
from keras_seq2seq.objective.token_accuracy import TokenAccuracy
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs, Say, quiet
from keras_seq2seq.training.tensorboard.event_log import EventLog

_EVERY = 50  # batches between two points of the curves within an epoch


class TrainingScalars(KnownNames, keras.callbacks.Callback):
    """Adds `learning_rate`, `gradient_norm` and `tokens_per_s` to the figures of every epoch.

    The norm is the mean over the batches of the epoch, before clipping; the speed is real
    target tokens a second of training, without validation. Callbacks behind this one find them
    in their `logs`. With a directory, the figures of every epoch go to TensorBoard as well,
    under `train` and `validation`, and within epochs loss, learning rate and gradient norm every
    50 batches.

    Args:
        log_dir: A directory for TensorBoard, or `None`.
        say: Is given each message for the user.

    Example:

    ```python
    model.fit(dataset, callbacks=[TrainingScalars("runs/first/logs")])
    ```
    """

    checkpointed = ("seconds", "norm_sum", "norm_count")

    def __init__(self, log_dir: str | os.PathLike | None = None, say: Say = quiet):
        super().__init__()
        sides = () if log_dir is None else ("train", "validation")
        self.logs = {side: EventLog(f"{log_dir}/{side}", say) for side in sides}
        self._reset()

    def _reset(self) -> None:
        self.seconds = self.norm_sum = 0.0
        self.norm_count = 0
        self.tokens: float | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.seconds += time.perf_counter() - self.began
        norm = gradient_norm_of(self.model.optimizer)
        if norm is not None:
            self.norm_sum += norm
            self.norm_count += 1
        if self.logs and (batch + 1) % _EVERY == 0:
            loss = (logs or {})["loss"]
            figures = {"batch/loss": loss, "batch/learning_rate": self._learning_rate()}
            if norm is not None:
                figures["batch/gradient_norm"] = norm
            self.logs["train"].scalars(figures, int(self.model.optimizer.iterations.numpy()))

    def on_test_begin(self, logs: Logs = None) -> None:
        self.tokens = self._count_tokens()  # validation is about to reset the metrics

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = self._learning_rate()
        if self.norm_count:
            logs["gradient_norm"] = self.norm_sum / self.norm_count
        tokens = self._count_tokens() if self.tokens is None else self.tokens
        if tokens and self.seconds:
            logs["tokens_per_s"] = tokens / self.seconds
        train = {name: value for name, value in logs.items() if not name.startswith("val_")}
        valid = {n.removeprefix("val_"): logs[n] for n in logs.keys() - train.keys()}
        for side, figures in zip(self.logs, (train, valid), strict=False):
            self.logs[side].scalars(figures, epoch + 1)
        self._reset()  # at the end, not at the beginning: an epoch may begin in its midst

    def on_train_end(self, logs: Logs = None) -> None:
        for log in self.logs.values():
            log.close()

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _count_tokens(self) -> float | None:
        """Real target tokens of the epoch: the accuracy counts them anyway."""
        inner = [m for metric in self.model.metrics for m in getattr(metric, "metrics", [metric])]
        counts = [float(m.count.numpy()) for m in inner if isinstance(m, TokenAccuracy)]
        return counts[0] if counts else None
