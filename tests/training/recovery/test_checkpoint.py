"""Checkpoints: whole or not there, the right ones kept, never a broken one loaded."""

import errno
import os

import numpy as np
import pytest

from keras_seq2seq.training import Checkpoint, CheckpointError, CheckpointStore


def checkpoint(epoch, batch=0, timed=False, best_epoch=None):
    arrays = {"model/0": np.arange(6, dtype="float32"), "optimizer/0": np.array(7)}
    state = {"epoch": epoch, "batch": batch, "timed": timed, "best_epoch": best_epoch}
    return Checkpoint(arrays, state)


def test_what_is_written_is_read_to_the_last_bit(tmp_path):
    path = tmp_path / "a.ckpt"
    arrays = {"x": np.float32([np.pi, -0.0, np.nan]), "n/0": np.array(3, "int64")}
    state = {"epoch": 1, "batch": 2, "best": float("inf"), "text": "안녕", "sum": 0.1 + 0.2}
    Checkpoint(arrays, state).write(path)
    read = Checkpoint.read(path)
    assert read.state == state and read.place == (1, 2)
    assert {k: v.tobytes() for k, v in read.arrays.items()} == {
        k: v.tobytes() for k, v in arrays.items()
    }
    assert os.listdir(tmp_path) == ["a.ckpt"]


@pytest.mark.parametrize("fault", ["empty", "cut", "flipped", "other", "longer"])
def test_a_broken_file_is_never_loaded(fault, tmp_path):
    path = tmp_path / "a.ckpt"
    checkpoint(1).write(path)
    data = bytearray(path.read_bytes())
    if fault == "flipped":
        data[len(data) // 2] ^= 1
    faults = {"empty": b"", "cut": data[:-1], "other": b"PK" + data, "longer": data + b"\0"}
    path.write_bytes(faults.get(fault, data))
    with pytest.raises(CheckpointError, match="a.ckpt is"):
        Checkpoint.read(path)


def test_the_last_ones_the_best_and_one_that_was_not_made_by_the_clock_are_kept(tmp_path):
    store = CheckpointStore(tmp_path / "checkpoints", keep=2)
    assert store.places() == [] and store.newest() is None
    for epoch in range(1, 5):
        store.save(checkpoint(epoch, best_epoch=min(epoch, 2)))
    assert store.places() == [(4, 0), (3, 0), (2, 0)]
    for batch in (3, 6, 9):
        store.save(checkpoint(4, batch, timed=True, best_epoch=2))
    assert store.places() == [(4, 9), (4, 6), (4, 0), (3, 0), (2, 0)]
    assert store.places(timed=False) == [(4, 0), (3, 0), (2, 0)]
    assert store.newest().place == (4, 9) and store.newest(timed=False).place == (4, 0)


def test_going_back_gives_up_what_came_later(tmp_path):
    store = CheckpointStore(tmp_path, keep=3)
    for place in ((1, 0), (1, 4), (1, 8)):
        store.save(checkpoint(*place))
    store.save(checkpoint(1, 4))
    assert store.places() == [(1, 4), (1, 0)]


def test_a_broken_one_is_told_and_the_one_before_is_taken(tmp_path):
    said = []
    store = CheckpointStore(tmp_path, keep=3, say=said.append)
    for epoch in (1, 2, 3):
        store.save(checkpoint(epoch))
    newest = tmp_path / "00003-0000000.ckpt"
    newest.write_bytes(newest.read_bytes()[:-100])
    assert store.newest().place == (2, 0)
    assert len(said) == 1 and "passed over" in said[0] and newest.name in said[0]


def test_a_full_disk_leaves_the_older_ones_and_nothing_else(tmp_path, monkeypatch):
    store = CheckpointStore(tmp_path)
    store.save(checkpoint(1))

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.save(checkpoint(2))
    assert os.listdir(tmp_path) == ["00001-0000000.ckpt"] and store.newest().place == (1, 0)


def test_halves_of_killed_writers_are_removed(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(checkpoint(1))
    (tmp_path / ".4711.00002-0000000.ckpt").write_bytes(b"half")
    store.remove_leftovers()
    assert os.listdir(tmp_path) == ["00001-0000000.ckpt"]
