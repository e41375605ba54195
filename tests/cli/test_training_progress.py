"""The lines of epochs, and the bar above them."""

import io
import re

import pytest
from rich.console import Console

from keras_seq2seq.cli import terminal
from keras_seq2seq.cli.screen import training_progress
from keras_seq2seq.cli.screen.training_progress import TrainingProgress

LOGS = {
    "loss": 4.7424,
    "val_loss": 3.0389,
    "val_perplexity": 14953.4,
    "val_token_accuracy": 0.48,
    "val_bleu": 33.333,
    "tokens_per_s": 123_456.7,
    "learning_rate": 1e-3,
}


@pytest.fixture
def screen(monkeypatch):
    """What a terminal of 80 columns gets."""
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system=None)
    monkeypatch.setattr(terminal, "err", console)
    return stream


def epochs(callback, count, logs):
    callback.set_params({"epochs": 100, "steps": 3600})
    for epoch in range(count):
        callback.on_epoch_begin(epoch)
        for batch in range(3):
            callback.on_train_batch_end(batch, {"loss": 5.25 - batch})
        callback.on_epoch_end(epoch, logs)


def test_lines_of_epochs_stand_in_columns_and_do_not_wrap(monkeypatch):
    lines = []
    monkeypatch.setattr(training_progress, "say", lines.append)
    epochs(TrainingProgress(terminal.make_progress()), 2, LOGS)
    head, *rows = lines
    assert len({len(line) for line in lines}) == 1 and len(head) < 80
    assert head.split() == "loss valid perplexity accuracy BLEU tokens/s seconds".split()
    assert rows[0].split()[:6] == ["epoch", "1/100", "4.742", "3.039", "14,953", "0.480"]
    ends = [match.end() for match in re.finditer(r"\S+", head)]
    assert [match.end() for match in re.finditer(r"\S+", rows[1])][2:] == ends


@pytest.mark.parametrize(
    "logs", [{"loss": float("nan")}, {"loss": float("inf"), "val_loss": 1e30}, {}, {"loss": -1e9}]
)
def test_odd_figures_stay_in_their_columns(monkeypatch, logs):
    lines = []
    monkeypatch.setattr(training_progress, "say", lines.append)
    epochs(TrainingProgress(terminal.make_progress()), 1, logs)
    head, row = lines
    assert len(head) == len(row) < 80


def test_the_bar_shows_a_running_loss_in_one_line(screen, monkeypatch):
    monkeypatch.setattr(training_progress, "say", lambda line: None)
    monkeypatch.setattr(training_progress, "_SHOWN_EVERY", -1)
    with terminal.make_progress() as progress:
        callback = TrainingProgress(progress)
        callback.set_params({"epochs": 100, "steps": 3600})
        callback.on_epoch_begin(98)
        callback.on_train_batch_end(0, {"loss": 5.25})
        callback.on_train_batch_end(1, {"loss": 4.25})
        progress.refresh()
        shown = screen.getvalue()
    assert "epoch 99/100  loss 5.250" in shown or "epoch 99/100  loss 4.250" in shown
    last = [line for line in shown.replace("\r", "\n").splitlines() if "loss 4.250" in line][-1]
    assert "2/3600" in last.replace(" ", "") and "…" not in last
