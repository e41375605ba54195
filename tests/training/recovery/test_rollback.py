"""The way around a bad batch: which checkpoint, what is left out, when it is enough."""

import json

import numpy as np
import pytest

from keras_seq2seq.data import EpochCounter, SentencePairs
from keras_seq2seq.training import (
    Checkpoint,
    CheckpointStore,
    NonFiniteGuard,
    NonFiniteLoss,
    Rollback,
    RunDirectory,
    TrainingError,
)

PAIRS = SentencePairs(["a", "b", "c"], ["x", "y", "z"])
BATCHES = 8


@pytest.fixture
def run(tmp_path):
    return RunDirectory(tmp_path / "run").create()


@pytest.fixture
def store(run):
    return CheckpointStore(run.checkpoints, keep=3)


def save(store, epoch, batch, timed=False):
    facts = {"skipped": [], "bad_batches": [], "learning_rate_factor": 1.0}
    state = {"epoch": epoch, "batch": batch, "timed": timed, "best_epoch": None, **facts}
    arrays = {"model/0": np.array([epoch, batch])}
    store.save(Checkpoint(arrays, {**state, "rollbacks_in_a_row": 0}))


def bad(epoch, batch):
    return NonFiniteLoss("It went wrong.", epoch, batch, float("nan"), 2.5, pairs=[2, 0])


def test_back_to_the_last_one_that_the_clock_did_not_make(run, store):
    for batch, timed in ((0, False), (4, False), (6, True)):
        save(store, 1, batch, timed)
    said = []
    checkpoint = Rollback(run, store, PAIRS, said.append).prepare(bad(1, 7), BATCHES)
    assert checkpoint.place == (1, 4) and store.places() == [(1, 4), (1, 0)]
    assert "Back to epoch 2, batch 5, with 0.5 times the learning rate" in said[0]
    state = store.newest().state
    assert state["skipped"] == [[1, 7]] and state["rollbacks_in_a_row"] == 1
    (record,) = json.loads(run.bad_batches.read_text("utf-8"))
    assert (record["epoch"], record["batch"], record["loss"]) == (2, 8, "nan")
    assert record["gradient_norm"] == 2.5
    assert [pair["source"] for pair in record["pairs"]] == ["c", "a"]


def test_where_it_did_not_help_further_back_and_the_third_time_is_the_last(run, store):
    for batch in (0, 4):
        save(store, 1, batch)
    rollback = Rollback(run, store, PAIRS)
    assert rollback.prepare(bad(1, 4), BATCHES).place == (1, 4)
    second = rollback.prepare(bad(1, 5), BATCHES)
    assert second.place == (1, 0) and second.arrays["model/0"].tolist() == [1, 0]
    assert second.state["skipped"] == [[1, 4], [1, 5]]
    assert second.state["learning_rate_factor"] == 0.25
    with pytest.raises(TrainingError, match=r"third time in a row.*learning_rate"):
        rollback.prepare(bad(1, 6), BATCHES)
    assert len(json.loads(run.bad_batches.read_text("utf-8"))) == 3


def test_an_epoch_without_any_batch_is_none(run, store):
    save(store, 0, 0)
    save(store, 1, 7)
    assert Rollback(run, store, PAIRS).prepare(bad(1, 7), BATCHES).place == (0, 0)
    store.clear()
    save(store, 0, 0)
    with pytest.raises(TrainingError, match="No other batch is left"):
        Rollback(run, store, PAIRS).prepare(bad(0, 0), batches=1)


def test_without_a_checkpoint_there_is_no_way_back(run, store):
    with pytest.raises(TrainingError, match="no checkpoint to go back to.*learning_rate"):
        Rollback(run, store, PAIRS).prepare(bad(0, 3), BATCHES)


class Norm(float):
    def numpy(self):
        return self


class Optimizer:
    gradient_norm = Norm(1.0)


class Model:
    optimizer = Optimizer()


@pytest.mark.parametrize(("loss", "norm"), [(np.nan, 1), (np.inf, 1), (1, np.nan), (1, np.inf)])
def test_the_guard_tells_the_batch_and_its_pairs(loss, norm, monkeypatch):
    counter = EpochCounter(epoch=2, batch=1)
    counter.remaining([np.array([4]), np.array([5, 6])])
    guard = NonFiniteGuard(counter)
    guard.set_model(Model())
    guard.on_train_batch_end(0, {"loss": 1.0})
    monkeypatch.setattr(Optimizer, "gradient_norm", Norm(norm))
    with pytest.raises(NonFiniteLoss, match="Epoch 3, batch 2: the loss is") as failure:
        guard.on_train_batch_end(0, {"loss": loss})
    assert (failure.value.epoch, failure.value.batch, failure.value.pairs) == (2, 1, [5, 6])


def test_the_guard_minds_the_validation():
    counter = EpochCounter(epoch=0, batch=2)
    counter.remaining([np.array([4]), np.array([5, 6])])
    guard = NonFiniteGuard(counter)
    guard.on_epoch_end(0, {"val_loss": 1.0})
    with pytest.raises(NonFiniteLoss, match="batch 2: behind it, the validation loss is nan"):
        guard.on_epoch_end(0, {"val_loss": float("nan")})
