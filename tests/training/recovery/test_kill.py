"""A run that was killed and resumed is the run that was not: weights, optimizer and figures."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from training.recovery.killed_run import MOMENTS

from keras_seq2seq.training import CheckpointStore, RunDirectory

SCRIPT = Path(__file__).with_name("killed_run.py")
TIMES = {"tokens_per_s"}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


def process(run, moment, *changes):
    return subprocess.Popen(
        [sys.executable, SCRIPT, run, moment, *changes],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def finish(run, *changes):
    """Runs to the end; gives what was said."""
    child = process(run, "never", *changes)
    said, _ = child.communicate(timeout=600)
    assert child.returncode == 0, said
    return said


def rows(run):
    with open(RunDirectory(run).metrics, newline="") as file:
        return [{k: v for k, v in r.items() if k not in TIMES} for r in csv.DictReader(file)]


def assert_same_run(left, right):
    left, right = RunDirectory(left), RunDirectory(right)
    assert rows(left.path) == rows(right.path)
    ours, theirs = (CheckpointStore(r.checkpoints).newest() for r in (left, right))
    assert ours.place == theirs.place and ours.arrays.keys() == theirs.arrays.keys()
    for name in ours.arrays:
        np.testing.assert_array_equal(ours.arrays[name], theirs.arrays[name], err_msg=name)
    assert ours.state["random"] == theirs.state["random"]
    for weights in zip(*(weights_of(r.model) for r in (left, right)), strict=True):
        np.testing.assert_array_equal(*weights)
    hidden = [path.name for path in right.path.rglob(".*")]
    assert hidden == []


def weights_of(model):
    from keras_seq2seq import open_artefact

    return open_artefact(model).model.get_weights()


def test_three_kills(tmp_path):
    finish(tmp_path / "whole")
    for moment in MOMENTS:
        child = process(tmp_path / "killed", moment)
        child.communicate(timeout=600)
        assert child.returncode == -signal.SIGKILL, moment
    said = finish(tmp_path / "killed")
    assert "Resuming at epoch 3, batch 9" in said and "passed over" not in said
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
def test_fifty_kills_at_random_moments(tmp_path):
    longer = ["training.epochs=60", "training.checkpoint_steps=1"]
    finish(tmp_path / "whole", *longer)
    dice = random.Random(0)
    run, kills = tmp_path / "killed", 0
    while kills < 50:
        child = process(run, "ready", *longer)
        if dice.random() < 0.2:  # while libraries are loaded, data are read, graphs are traced
            time.sleep(dice.uniform(0, 6))
        else:
            for _ in range(dice.randint(1, 14)):  # batches
                while child.stdout.readline() not in ("ready\n", ""):
                    pass
            time.sleep(dice.uniform(0, 0.2))
        child.kill()
        said, _ = child.communicate(timeout=600)
        assert child.returncode in (0, -signal.SIGKILL), said
        assert child.returncode != 0, f"finished after {kills} kills: the run is too short"
        assert "passed over" not in said  # never an unreadable checkpoint
        kills += 1
    assert "passed over" not in finish(run, *longer)
    assert_same_run(tmp_path / "whole", run)
