"""A progress bar for `fit`."""

import time

import keras
from rich.markup import escape

from keras_seq2seq.cli.terminal import err, make_progress


class TrainingProgress(keras.callbacks.Callback):
    """One bar for the epoch that runs, one line for each that is done."""

    def __init__(self):
        super().__init__()
        self.progress = None
        self.task = None
        self.began = None

    def on_train_begin(self, logs=None):
        self.progress = make_progress()
        self.progress.start()

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
        err.print(escape(line), highlight=False)

    def on_train_end(self, logs=None):
        self.progress.stop()
