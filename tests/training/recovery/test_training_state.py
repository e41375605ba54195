"""What is taken down and brought back: everything, to the last bit."""

import random

import keras
import numpy as np
import pytest

from keras_seq2seq.evaluation import RunCurves
from keras_seq2seq.training import (
    CheckpointError,
    MetricsFile,
    RunDirectory,
    TrainingState,
    recoverable,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(64, 6)).astype("float32"), RNG.normal(size=(64, 2)).astype("float32")


def make(policy="float32", units=5, seed=1):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(units, dtype=policy), keras.layers.Dropout(0.5, dtype=policy)]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(2, dtype=policy)])
    optimizer = recoverable(keras.optimizers.AdamW)(0.01, use_ema=True, global_clipnorm=1.0)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, dynamic_growth_steps=3)
    model.compile(optimizer, "mse", metrics=["mae"])
    optimizer.build(model.trainable_variables)
    return model


def learn(model, batches):
    for number in batches:
        model.train_on_batch(X[8 * number : 8 * number + 8], Y[8 * number : 8 * number + 8])


def everything(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_a_model_goes_on_where_another_one_stopped(policy):
    whole = make(policy)
    learn(whole, range(4))
    checkpoint = TrainingState(whole, []).capture(epoch=0, batch=4)
    learn(whole, range(4, 7))

    other = make(policy, seed=2)
    TrainingState(other, []).restore(checkpoint)
    learn(other, [4])
    TrainingState(other, []).restore_metrics(checkpoint)
    learn(other, [5, 6])
    for ours, theirs in zip(everything(other), everything(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    if policy == "mixed_float16":
        scale = whole.optimizer.dynamic_scale
        assert float(scale) == float(other.optimizer.dynamic_scale) != 2.0**15


def test_random_numbers_go_on():
    state = TrainingState(make(), [])
    np.random.normal()  # leaves half of a pair behind
    checkpoint = state.capture()
    expected = random.random(), np.random.normal(), np.random.normal()
    state.restore(checkpoint)
    assert (random.random(), np.random.normal(), np.random.normal()) == expected


def test_callbacks_keep_what_they_know():
    class Own(keras.callbacks.Callback):
        checkpointed = ("scores",)
        scores = ()

    model = make()
    stopping = [keras.callbacks.EarlyStopping("loss"), keras.callbacks.EarlyStopping("mae")]
    plateau, swap, own = (
        keras.callbacks.ReduceLROnPlateau("loss"),
        keras.callbacks.SwapEMAWeights(),
        Own(),
    )
    stopping[0].wait, stopping[1].best, plateau.best = 3, np.float32(0.25), 0.5
    swap._ema_weights_in_model, own.scores = True, [1, 2.5]
    checkpoint = TrainingState(model, [*stopping, plateau, swap, own]).capture()
    others = [keras.callbacks.EarlyStopping("loss"), keras.callbacks.EarlyStopping("mae")]
    others += [keras.callbacks.ReduceLROnPlateau("loss"), keras.callbacks.SwapEMAWeights(), Own()]
    TrainingState(model, others).restore(checkpoint)
    assert (others[0].wait, others[1].best, others[2].best) == (3, 0.25, 0.5)
    assert others[3]._ema_weights_in_model and others[4].scores == [1, 2.5]


def test_another_model_is_refused():
    checkpoint = TrainingState(make(), []).capture()
    with pytest.raises(CheckpointError, match="another model: .* where .* are expected"):
        TrainingState(make(units=4), []).restore(checkpoint)


def test_a_table_leaves_blank_what_an_epoch_lacks():
    table = MetricsFile(None)
    table.rows = [{"epoch": 0, "loss": 2.0}, {"epoch": 1, "loss": 1.5, "bleu": 30.0}]
    assert table.to_csv() == "epoch,bleu,loss\n0,,2.0\n1,30.0,1.5\n"


@pytest.mark.parametrize(("before", "after"), [([], [1, 2]), ([0, 1], [0, 1, 2, 3])])
def test_epochs_count_from_one_and_old_runs_go_on_as_they_began(tmp_path, before, after):
    table = MetricsFile(RunDirectory(tmp_path))
    table.rows = [{"epoch": epoch, "loss": 2.0} for epoch in before]
    for epoch in range(len(before), len(before) + 2):
        table.on_epoch_end(epoch, {"loss": 1.0})
    assert [row["epoch"] for row in table.rows] == after
    assert RunCurves.read(tmp_path).epochs == list(range(1, len(after) + 1))
