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

    checkpointed = ("done",)

    def __init__(self, progress):
        super().__init__()
        self.progress = progress
        self.done = 0  # batches of the epoch
        self.task = None
        self.began = None

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic()
        self.task = self.progress.add_task(
            f"epoch {epoch + 1}/{self.params['epochs']}",
            total=self.params["steps"],
            completed=self.done,
        )

    def on_train_batch_end(self, batch, logs=None):
        self.done += 1
        self.progress.update(self.task, completed=self.done)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self.done = 0
        self.progress.remove_task(self.task)
        figures = [
            f"{name} {logs[key]:.3f}"
            for name, key in (
                ("loss", "loss"),
                ("valid loss", "val_loss"),
                ("valid perplexity", "val_perplexity"),
                ("valid accuracy", "val_token_accuracy"),
                ("valid BLEU", "val_bleu"),
            )
            if key in logs
        ]
        if "tokens_per_s" in logs:
            figures.append(f"{logs['tokens_per_s']:,.0f} tokens/s")
        seconds = time.monotonic() - self.began
        line = f"epoch {epoch + 1}/{self.params['epochs']}  {'  '.join(figures)}  {seconds:.0f} s"
        err.print(escape(line), highlight=False, soft_wrap=True)
