"""The same run on one device and on several, in one process and in several, killed and resumed."""

import importlib.util
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("worker_run.py")
KILLS = int(os.environ.get("KERAS_SEQ2SEQ_KILLS", "3"))
SAME = {"rel": 1e-4}
needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed: pip install jax"
)
pytestmark = pytest.mark.slow


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(run, *changes, workers=1, devices=1, backend="tensorflow"):
    """Starts so many processes; their output goes to files, for a full pipe would stop them."""
    addresses = [f"localhost:{port}" for port in free_ports(workers)]
    children = []
    for index in range(workers):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environ = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        if workers > 1:
            environ["TF_CONFIG"] = json.dumps(task)
        with open(f"{run}.{index}.log", "w") as log:
            children.append(
                subprocess.Popen(
                    [sys.executable, SCRIPT, run, "--devices", str(devices), *changes],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environ,
                )
            )
    return children


def said(run, index=0):
    return Path(f"{run}.{index}.log").read_text()


def finish(run, *changes, workers=1, **options):
    """Runs to the end; gives what each worker has said."""
    children = start(run, *changes, workers=workers, **options)
    try:
        for child in children:
            child.wait(timeout=900)
    finally:
        end(children)
    texts = [said(run, index) for index in range(workers)]
    assert [child.returncode for child in children] == [0] * workers, texts[0][-3000:]
    return texts


def end(children):
    for child in children:
        child.kill()
        child.wait()


def batches(text):
    """{(epoch, batch): loss}, where an epoch that was resumed counts on."""
    found = re.findall(r"^batch (\d+) (\d+) (\S+)$", text, re.M)
    return {(int(epoch), int(batch)): float(loss) for epoch, batch, loss in found}


def epochs(text):
    """{epoch: (loss, validation loss, BLEU)} and {epoch: hash of the weights}."""
    found = [line.split() for line in re.findall(r"^epoch .*$", text, re.M)]
    return {e: [*map(float, f)] for _, e, *f, _ in found}, {e: h for _, e, *_, h in found}


def assert_same_curve(text, whole):
    figures, expected = epochs(text)[0], epochs(whole)[0]
    assert figures and expected
    for epoch, found in figures.items():
        assert found == pytest.approx(expected[epoch], **SAME)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What one process on one device says."""
    (text,) = finish(tmp_path_factory.mktemp("one") / "run")
    return text


@pytest.mark.parametrize("devices", [2, 4])
def test_devices_of_one_machine(tmp_path, whole, devices):
    (text,) = finish(tmp_path / "run", "training.distribute=mirrored", devices=devices)
    assert batches(text) == pytest.approx(batches(whole), **SAME)
    assert_same_curve(text, whole)


def test_two_workers_and_one_that_takes_over(tmp_path, whole):
    settings = ["training.distribute=multiworker"]
    texts = finish(tmp_path / "run", *settings, workers=2)
    assert epochs(texts[0]) == epochs(texts[1])  # and their weights
    for text in texts:
        assert batches(text) == pytest.approx(batches(whole), **SAME)
        assert_same_curve(text, whole)
    assert "Learning the vocabulary" not in texts[1]  # it writes nothing and says nothing

    # 2 -> 1 -> 2: each is ended behind an epoch and a batch.
    run = tmp_path / "changing"
    for workers, stop in ((2, "batch 0 4"), (1, "batch 1 3"), (2, None)):
        changes = settings if workers > 1 else []
        children = start(run, *changes, workers=workers)
        try:
            wait_for(stop, run, children)
            if stop:
                children[-1].send_signal(signal.SIGTERM)  # told to one, all come to an end
            for child in children:
                child.wait(timeout=900)
        finally:
            end(children)
        for index in range(workers):
            assert_same_curve(said(run, index), whole) if not stop else None
        if stop:
            assert "Training was interrupted" in said(run)


def wait_for(line, run, children, seconds=600):
    """Waits until the chief has said a line, or has ended."""
    end_of_time = time.monotonic() + seconds
    while line and line not in said(run) and children[0].poll() is None:
        assert time.monotonic() < end_of_time, said(run)[-2000:]
        time.sleep(0.05)


@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=needs_jax)])
def test_killed_at_random_moments(tmp_path, backend):
    """A kill of any worker ends all; started again they go on, to the weights of a whole run."""
    distribute = {"tensorflow": "multiworker", "jax": "data_parallel"}[backend]
    settings = [f"training.distribute={distribute}", f"training.epochs={2 + KILLS // 4}"]
    settings += ["training.checkpoint_steps=1", "training.bleu_sentences=0"]
    settings += ["training.sample_translations=0"]
    dice, run = random.Random(0), tmp_path / "killed"
    whole, _ = finish(tmp_path / "whole", *settings, workers=2, backend=backend)
    for _ in range(KILLS):
        children = start(run, *settings, workers=2, backend=backend)
        try:
            if dice.random() < 0.8:
                wait_for("\nbatch ", run, children)
                time.sleep(dice.uniform(0, 0.5))
            else:  # while they begin
                time.sleep(dice.uniform(0, 20))
            children[dice.randrange(2)].kill()
            time.sleep(dice.uniform(0, 1))
        finally:
            end(children)
        assert "passed over" not in said(run)
    texts = finish(run, *settings, workers=2, backend=backend)
    figures, weights = epochs(texts[0])
    assert (figures, weights) == epochs(texts[1])
    last = max(figures)
    assert weights[last] == epochs(whole)[1][last]
    assert_same_curve(texts[0], whole)


@needs_jax
def test_two_workers_of_jax(tmp_path):
    quick = ["training.bleu_sentences=2", "training.sample_translations=0", "training.epochs=2"]
    (whole,) = finish(tmp_path / "one", *quick, backend="jax")
    settings = ["training.distribute=data_parallel", *quick]
    texts = finish(tmp_path / "two", *settings, workers=2, backend="jax")
    assert epochs(texts[0]) == epochs(texts[1])
    for text in texts:
        assert batches(text) == pytest.approx(batches(whole), **SAME)
        assert_same_curve(text, whole)


def test_the_other_worker_ends_where_one_is_gone(tmp_path):
    run = tmp_path / "run"
    settings = ["training.distribute=multiworker", "training.epochs=200"]
    children = start(run, *settings, workers=2)
    try:
        wait_for("batch 0 2", run, children)
        children[1].kill()
        assert children[0].wait(timeout=120) != 0
    finally:
        end(children)
    assert "another one is gone or does not answer" in said(run) and "--resume" in said(run)
