"""What a checkpoint says of the course of a run, and how it changes."""

import dataclasses
import json

import pytest

from keras_seq2seq.training import NonFiniteLoss, Progress

# As every version has written it, among other keys.
STATE = {
    "epoch": 2,
    "batch": 4,
    "skipped": [[1, 7], [2, 3]],
    "bad_batches": [{"epoch": 2, "batch": 8}],
    "learning_rate_factor": 0.25,
    "rollbacks_in_a_row": 1,
}


def test_it_is_read_and_written_as_ever():
    progress = Progress.of({**json.loads(json.dumps(STATE)), "timed": False, "config": {}})
    assert progress.to_state() == STATE
    assert (progress.epoch, progress.batch) == (2, 4) and (2, 3) in progress.skipped
    assert Progress.of(Progress().to_state()) == Progress()


def test_it_is_frozen_and_a_rollback_gives_another_one():
    before = Progress.of(STATE)
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.batch = 5
    after = before.roll_back(NonFiniteLoss("NaN", epoch=1, batch=9)).at(2, 0)
    assert after.skipped == ((1, 7), (1, 9), (2, 3)) and before.skipped == ((1, 7), (2, 3))
    assert (after.learning_rate_factor, after.rollbacks_in_a_row) == (0.125, 2)
    assert (after.epoch, after.batch) == (2, 0)
    calm = after.calm()
    assert calm.rollbacks_in_a_row == 0 and calm.skipped == after.skipped
    assert calm.learning_rate_factor == 0.125


def test_an_epoch_may_have_nothing_left():
    progress = Progress(skipped=((0, 1), (0, 2)))
    assert progress.leaves_something((0, 0), batches=3)
    assert not progress.leaves_something((0, 1), batches=3)
    assert progress.leaves_something((1, 1), batches=3)
