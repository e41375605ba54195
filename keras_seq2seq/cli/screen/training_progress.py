"""A progress bar for `fit`."""

import json
import time
from pathlib import Path
from typing import Any

import keras
from rich.progress import Progress, TaskID
from rich.table import Column, Table

from keras_seq2seq.cli.terminal import err, say

# Heads of the columns, and the figures below them; tokens_per_s is not in every run.
_COLUMNS = {
    "loss": "loss",
    "valid": "val_loss",
    "perplexity": "val_perplexity",
    "accuracy": "val_token_accuracy",
    "BLEU": "val_bleu",
    "tokens/s": "tokens_per_s",
}
_LEAST_WIDTH = 6  # of a column
_SHOWN_EVERY = 0.2  # seconds: to read the loss waits for the device


class TrainingProgress(keras.callbacks.Callback):
    """One bar for the epoch that runs, one line for each that is done, below 80 columns wide.

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
        self.began = self.shown = 0.0
        self.head = ""  # that stands above the lines

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.data_report is not None:
            err.print(data_table(json.loads(self.data_report.read_text("utf-8"))))
            self.data_report = None  # `fit` begins anew after a loss that was not finite

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.began, steps = time.monotonic(), self.params["steps"]
        self.name = f"epoch {epoch + 1}/{self.params['epochs']}"
        self.task = self.progress.add_task(self.name, total=steps, completed=self.done)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.done += 1
        name, now = None, time.monotonic()
        if not self.progress.disable and now - self.shown > _SHOWN_EVERY and logs:
            self.shown, name = now, f"{self.name}  loss {_short(float(logs['loss']))}"
        self.progress.update(self.task, completed=self.done, description=name)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.progress.update(self.task, description=f"{self.name}  validating")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.progress.add_task("saving the best model", total=None)  # until its owner stops

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        self.done = 0
        self.progress.remove_task(self.task)
        figures = {head: _short(logs[key]) for head, key in _COLUMNS.items() if key in logs}
        figures["seconds"] = f"{time.monotonic() - self.began:,.0f}"
        width = len(f"epoch {self.params['epochs']}/{self.params['epochs']}")
        head, line = " " * width, self.name.ljust(width)
        for name, figure in figures.items():
            width = 2 + max(len(name), _LEAST_WIDTH)
            head, line = head + name.rjust(width), line + figure.rjust(width)
        if head != self.head:
            say(head)
        self.head = head
        say(line)


def _short(value: float) -> str:
    """A figure in at most seven characters."""
    if abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) < 999_999 else f"{value:.1e}"


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
