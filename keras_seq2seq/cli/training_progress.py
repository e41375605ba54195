"""A progress bar for `fit`."""

import time

import keras
from rich.markup import escape

from keras_seq2seq.cli.terminal import err


class TrainingProgress(keras.callbacks.Callback):
    """One bar for the epoch that runs, one line for each that is done.

    Args:
        progress: `rich.progress.Progress`, started and stopped by its owner: `fit` does not tell
            its callbacks of an error.
    """

    def __init__(self, progress):
        super().__init__()
        self.progress = progress
        self.task = None
        self.began = None

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic()
        self.task = self.progress.add_task(
            f"epoch {epoch + 1}/{self.params['epochs']}", total=self.params["steps"]
        )

    def on_train_batch_end(self, batch, logs=None):
        self.progress.update(self.task, completed=batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self.progress.remove_task(self.task)
        figures = [
            f"{name} {logs[key]:.3f}"
            for name, key in (
                ("loss", "loss"),
                ("valid loss", "val_loss"),
                ("valid perplexity", "val_perplexity"),
                ("valid accuracy", "val_token_accuracy"),
            )
            if key in logs
        ]
        seconds = time.monotonic() - self.began
        line = f"epoch {epoch + 1}/{self.params['epochs']}  {'  '.join(figures)}  {seconds:.0f} s"
        err.print(escape(line), highlight=False, soft_wrap=True)
