"""A progress bar for `fit`."""

import json
import time
from pathlib import Path
from typing import Any

import keras
from rich.progress import Progress, TaskID
from rich.table import Column, Table

from keras_seq2seq.cli.terminal import err, say

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
        data_report: The file of a run that has the facts of its pairs, to show before it trains.
    """

    checkpointed = ("done",)

    def __init__(self, progress: Progress, data_report: Path | None = None):
        super().__init__()
        self.progress = progress
        self.data_report = data_report
        self.done = 0  # batches of the epoch
        self.task = TaskID(0)  # of the epoch, as is the next
        self.began = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.data_report is not None:
            err.print(data_table(json.loads(self.data_report.read_text("utf-8"))))
            self.data_report = None  # `fit` begins anew after a loss that was not finite

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


def data_table(facts: dict[str, Any]) -> Table:
    """The facts of a run's pairs: two lines a split, one for each side, in 80 columns."""
    numbers = ("pairs", "unknown", "median", "95 %", "longest", "in train")
    table = Table("", "", *(Column(name, justify="right") for name in numbers))
    table.caption = "unknown: share of the tokens; median, 95 %, longest: tokens of a sentence"
    for split, found in facts.items():
        shared = found.get("in_train", {})
        for side, overlap in (("source", "sources"), ("target", "pairs")):
            of_side = found[side]
            lengths = (f"{of_side['lengths'][key]:,}" for key in ("median", "p95", "max"))
            first = (split, side, f"{found['kept']:,}") if side == "source" else ("", side, "")
            known = f"{shared[overlap]:,} {overlap}" if shared else ""
            table.add_row(*first, f"{of_side['unknown_tokens']:.1%}", *lengths, known)
    return table
