"""Runs on two devices of a process of its own: to the end, resumed, and told what cannot be."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_seq2seq.training import CheckpointStore, RunDirectory

SCRIPT = Path(__file__).with_name("mirrored_run.py")

pytestmark = pytest.mark.slow  # two runs on two devices, in a process of their own


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirrored")
    runs = [RunDirectory(folder / name) for name in ("whole", "broken")]
    child = subprocess.run(
        [sys.executable, SCRIPT, *(run.path for run in runs)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert child.returncode == 0, child.stderr[-3000:]
    return *runs, child.stdout.splitlines()


def rows(run):
    with open(run.metrics, newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_on_two_devices_comes_to_its_end(runs):
    whole, _, _ = runs
    assert json.loads(whole.summary.read_text())["epochs"] == 2
    first, second = rows(whole)
    assert float(second["val_loss"]) < float(first["val_loss"])
    assert float(first["tokens_per_s"]) > 0 and "val_bleu" in first


def test_a_run_on_two_devices_is_resumed_as_if_it_had_not_stopped(runs):
    whole, broken, said = runs
    assert "epoch 2, batch 3" in said[0]
    ours, theirs = (CheckpointStore(run.checkpoints).newest() for run in (broken, whole))
    assert ours.place == theirs.place == (2, 0)
    for name in theirs.arrays:
        # The sums of metrics are shared out anew, and lose their last digits.
        tolerance = 1e-6 if name.startswith("metrics/") else 0
        np.testing.assert_allclose(ours.arrays[name], theirs.arrays[name], rtol=tolerance)
    for ours, theirs in zip(rows(broken), rows(whole), strict=True):
        for column in theirs.keys() - {"tokens_per_s"}:
            assert float(ours[column]) == pytest.approx(float(theirs[column]), rel=1e-5)


def test_the_gradient_of_the_whole_batch_is_clipped(runs):
    found = json.loads(runs[2][-1])["optimizer"]
    assert found["norm"] == pytest.approx(5.0)
    np.testing.assert_allclose(found["step"], [-0.6, -0.8], rtol=1e-6)


def test_what_cannot_be_is_told(runs):
    found = json.loads(runs[2][-1])
    assert "with strategy.scope()" in found["model"]
    assert "training.r_drop is 1.0" in found["r_drop"] and "2 devices" in found["r_drop"]
    assert found["loaded"]
