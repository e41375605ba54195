"""One owner of a run directory: who comes second touches nothing, and no model is lost."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from keras_seq2seq.cli.screen.training_progress import TrainingProgress
from keras_seq2seq.cli.train_command import open_run
from keras_seq2seq.file_lock import LOCK
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.run_directory import RunDirectory

HOLD = (
    "import sys; from pathlib import Path\n"
    "from keras_seq2seq.cli.train_command import open_run\n"
    "with open_run(Path(sys.argv[1]), len(sys.argv) > 2) as run:\n"
    "    print('held', flush=True); sys.stdin.read()"
)


def content(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.fixture
def old_run(training, tmp_path):
    path = tmp_path / "old"
    shutil.copytree(training[0], path)
    return path


@pytest.fixture
def hold():
    """Starts a process that owns a run directory; gives its number."""
    children = []

    def start(*arguments):
        command = [sys.executable, "-c", HOLD, *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        children.append(subprocess.Popen(command, **pipes))
        assert children[-1].stdout.readline() == "held\n"
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_a_new_run_has_one_owner(refused, settings, hold, overwrite, tmp_path):
    child = hold(tmp_path / "run")
    before = content(tmp_path)
    said = refused("train", *settings, "--run-dir", tmp_path / "run", *overwrite)
    assert f"Another process is training {tmp_path / 'run'} (process {child.pid})" in said
    assert content(tmp_path) == before


def test_half_a_beginning_is_no_stranger_s_directory(refused, settings, hold, tmp_path):
    """The first one has written a file, but not yet the one that makes the directory a run."""
    child = hold(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("x")
    before = content(tmp_path)
    said = refused("train", *settings, "--run-dir", tmp_path / "run")
    assert f"(process {child.pid})" in said and content(tmp_path) == before


def test_a_running_training_is_neither_overwritten_nor_resumed(refused, settings, hold, old_run):
    child = hold(old_run, "--overwrite")  # the new one has taken the old one's place
    before = content(old_run.parent)
    assert content(old_run.with_name("old-replaced"))
    train = ["train", *settings, "--run-dir", old_run]
    assert f"(process {child.pid})" in refused(*train, "--overwrite")
    assert f"(process {child.pid})" in refused(*train)
    assert content(old_run.parent) == before
    assert sorted(os.listdir(old_run.parent)) == ["old", "old-replaced"]


def test_a_resumed_run_has_one_owner(refused, old_run):
    (old_run / "training_summary.json").unlink()
    run = RunDirectory(old_run)
    with run.locked():
        before = content(old_run)
        assert f"process {os.getpid()}" in refused("train", "--resume", old_run)
        assert content(old_run) == before


@pytest.mark.slow
def test_two_trainings_at_once(settings, tmp_path):
    """The loser, half a second later, says so; the winner ends as if it had been alone."""
    command = [sys.executable, "-m", "keras_seq2seq", "train", *map(str, settings), "--run-dir"]
    children = []
    for _ in range(2):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        children.append(subprocess.Popen([*command, tmp_path / "run"], **pipes))
        time.sleep(0.5)
    said = [child.communicate(timeout=300) for child in children]
    codes = [child.returncode for child in children]
    assert sorted(codes) == [0, 2], said
    loser = codes.index(2)
    assert f"(process {children[1 - loser].pid})" in said[loser][1]
    run = RunDirectory(tmp_path / "run")
    assert run.is_run and run.summary.exists() and run.source_vocabulary.exists()
    assert os.listdir(tmp_path) == ["run"] and LOCK not in os.listdir(run.path)


def test_ctrl_c_before_the_new_run_is_of_worth_brings_the_old_one_back(old_run):
    before = content(old_run)
    with pytest.raises(KeyboardInterrupt), open_run(old_run, overwrite=True) as directory:
        directory.write_text("config.toml", "x")
        raise KeyboardInterrupt
    assert content(old_run) == before and os.listdir(old_run.parent) == ["old"]


@pytest.mark.slow
def test_ctrl_c_afterwards_loses_neither(command, settings, old_run, monkeypatch):
    def interrupt(self, batch, logs=None):
        os.kill(os.getpid(), signal.SIGINT)

    before = content(old_run)
    train = ["train", *settings, "--run-dir", old_run, "--overwrite"]
    with monkeypatch.context() as patch:
        patch.setattr(TrainingProgress, "on_train_batch_end", interrupt)
        result = command(*train)
    aside = old_run.with_name("old-replaced")
    assert result.code == 128 + signal.SIGINT
    assert f"The run that was to be replaced is kept: {aside}" in result.err
    assert content(aside) == before
    assert CheckpointStore(old_run / "checkpoints").places()[0] == (0, 1)
    again = command(*train)  # an unfinished run, too, is set aside; a name that is taken stays
    assert again.code == 0, again.err
    assert content(aside) == before and sorted(os.listdir(old_run.parent)) == ["old", aside.name]


def test_a_new_run_behind_a_link_leaves_the_link(old_run, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(old_run)
    with open_run(link, overwrite=True) as directory:
        (directory.path / "config.toml").write_text("new")
    assert link.is_symlink() and content(link) == content(old_run)
    assert (old_run / "config.toml").read_text() == "new"


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_a_false_lock_empties_nothing(kind, refused, settings, tmp_path):
    dear, lock = tmp_path / "dear.txt", tmp_path / "run" / LOCK
    dear.write_text("years of work")
    lock.parent.mkdir()
    lock.symlink_to(dear) if kind == "link" else lock.mkdir()
    said = refused("train", *settings, "--run-dir", lock.parent)
    assert "cannot be the lock" in said and "Remove it" in said
    assert dear.read_text() == "years of work" and os.path.lexists(lock)
