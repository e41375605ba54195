"""A progress bar for `fit`."""

import time
from typing import Any

import keras
from rich.progress import Progress, TaskID

from keras_seq2seq.cli.terminal import say

_FIGURES = {
    "loss": "loss",
    "valid loss": "val_loss",
    "valid perplexity": "val_perplexity",
    "valid accuracy": "val_token_accuracy",
    "valid BLEU": "val_bleu",
}


class TrainingProgress(keras.callbacks.Callback):
    """One bar for the epoch that runs, one line for each that is done.

    Args:
        progress: `Progress`, started and stopped by its owner: `fit` tells callbacks of no error.
    """

    checkpointed = ("done",)

    def __init__(self, progress: Progress):
        super().__init__()
        self.progress = progress
        self.done = 0  # batches of the epoch
        self.task = TaskID(0)  # of the epoch, as is the next
        self.began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.began, steps = time.monotonic(), self.params["steps"]
        name = f"epoch {epoch + 1}/{self.params['epochs']}"
        self.task = self.progress.add_task(name, total=steps, completed=self.done)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.done += 1
        self.progress.update(self.task, completed=self.done)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        self.done = 0
        self.progress.remove_task(self.task)
        figures = [f"{name} {logs[key]:.3f}" for name, key in _FIGURES.items() if key in logs]
        if "tokens_per_s" in logs:
            figures.append(f"{logs['tokens_per_s']:,.0f} tokens/s")
        seconds = time.monotonic() - self.began
        say(f"epoch {epoch + 1}/{self.params['epochs']}  {'  '.join(figures)}  {seconds:.0f} s")
