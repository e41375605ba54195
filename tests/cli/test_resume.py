"""`train --resume`: what goes on, and what is told in one line."""

import os
import shutil
import signal

import pytest

from keras_seq2seq.cli.screen.training_progress import TrainingProgress
from keras_seq2seq.training.recovery.checkpoint import Checkpoint


@pytest.fixture
def unfinished(training, tmp_path):
    """A run that was killed behind its last checkpoint, before it was marked as finished."""
    path = tmp_path / "run"
    shutil.copytree(training[0], path)
    (path / "training_summary.json").unlink()
    return path


def rewrite(path, change):
    for file in (path / "checkpoints").iterdir():
        checkpoint = Checkpoint.read(file)
        change(checkpoint.state)
        checkpoint.write(file)


def test_a_run_is_resumed_by_its_directory_alone(command, unfinished):
    result = command("train", "--resume", unfinished)
    assert (result.code, result.out) == (0, f"{unfinished / 'model.keras'}\n")
    assert "Resuming at epoch" in result.err and "Learning the vocabulary" not in result.err
    assert (unfinished / "training_summary.json").exists()
    again = command("train", "--resume", unfinished)
    assert again.code == 2 and "is finished; its model is" in again.err


def test_what_cannot_be_resumed(refused, training, unfinished, tmp_path):
    assert "is finished" in refused("train", "--resume", training[0])
    assert "holds no run to resume" in refused("train", "--resume", tmp_path / "nowhere")
    assert "holds no run to resume" in refused("train", "--resume", tmp_path)
    both = ["train", "--resume", unfinished, "--run-dir", tmp_path / "other"]
    assert "leave out --run-dir" in refused(*both)
    assert "was 16 and is now 9" in refused("train", "--resume", unfinished, "--set=model.units=9")


def test_changed_data_are_told(refused, unfinished):
    def change(state):
        state["data"]["train"].update(sha256="0" * 64, pairs=61)
        state["data"]["train"]["files"][0]["bytes"] = 7

    rewrite(unfinished, change)
    said = refused("train", "--resume", unfinished)
    assert "61 pairs with SHA-256 000000000000 then, 60 with" in said
    assert "kor.txt had 7 bytes and has" in said


def test_a_directory_that_is_read_only(refused, unfinished, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    assert "is not writable" in refused("train", "--resume", unfinished)


def test_an_unfinished_run_is_not_replaced_in_passing(refused, settings, unfinished):
    said = refused("train", *settings, "--run-dir", unfinished)
    assert f"holds an unfinished run already: --resume {unfinished}" in said


def test_a_signal_ends_the_command_in_good_order(command, settings, tmp_path, monkeypatch):
    def interrupt(self, batch, logs=None):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(TrainingProgress, "on_train_batch_end", interrupt)
    result = command("train", *settings, "--run-dir", tmp_path / "run")
    assert result.code == 128 + signal.SIGTERM and result.out == ""
    assert result.err.splitlines()[-1] == (
        "Training was interrupted. A checkpoint is written (epoch 1, batch 2). "
        f"Resume with: keras-seq2seq train --resume {tmp_path / 'run'}"
    )
