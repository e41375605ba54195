"""Learning rate, norm of the gradient, speed: right, in the table and in TensorBoard."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_seq2seq.training import TokenAccuracy, TrainingScalars, recoverable

X = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
Y = np.ones((8, 1), "int32")


class Rows(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.rows, self.norms = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.norms.append(float(self.model.optimizer.gradient_norm.numpy()))

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append(logs)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    logs = tmp_path_factory.mktemp("logs")
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Reshape((1, 4))]
    )
    optimizer = recoverable(keras.optimizers.SGD)(
        keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.5, 0.25]), global_clipnorm=1e-3
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, weighted_metrics=[TokenAccuracy()])
    rows = Rows()
    model.fit(
        *(X, Y),
        batch_size=2,
        epochs=2,
        verbose=0,
        validation_data=(X, Y),
        callbacks=[TrainingScalars(logs), rows],
    )
    return logs, rows


def test_every_epoch_has_its_figures(trained):
    _, rows = trained
    first, second = rows.rows
    assert first["gradient_norm"] == pytest.approx(np.mean(rows.norms[:4]))
    assert second["gradient_norm"] == pytest.approx(np.mean(rows.norms[4:]))
    assert (first["learning_rate"], second["learning_rate"]) == (0.5, 0.25)
    assert second["tokens_per_s"] > 0


def test_the_norm_is_that_of_the_gradient_before_clipping(trained):
    _, rows = trained
    assert min(rows.norms) > 1e-2  # it is clipped to a thousandth


def test_tensorboard_shows_all_of_it(trained):
    logs, rows = trained
    sides = {}
    for side in ("train", "validation"):
        events = EventAccumulator(str(logs / side)).Reload()
        sides[side] = {
            tag: [float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]
            for tag in events.Tags()["tensors"]
        }
    assert {"loss", "token_accuracy", "learning_rate", "gradient_norm", "tokens_per_s"} <= set(
        sides["train"]
    )
    assert {"loss", "token_accuracy"} == set(sides["validation"])
    assert sides["train"]["learning_rate"] == [0.5, 0.25]


def test_the_speed_counts_tokens_and_the_time_of_training_alone():
    scalars = TrainingScalars()
    accuracy = TokenAccuracy()
    accuracy.count.assign(120.0)
    optimizer = recoverable(keras.optimizers.SGD)(0.5)
    scalars.set_model(type("Model", (), {"metrics": [accuracy], "optimizer": optimizer})())
    for _ in range(2):
        scalars.on_train_batch_begin(0)
        time.sleep(0.05)
        scalars.on_train_batch_end(0, {})
        time.sleep(0.1)  # validation
    seconds = scalars.seconds
    logs = {}
    scalars.on_epoch_end(0, logs)
    assert logs["tokens_per_s"] == 120 / seconds and 0.1 <= seconds
    assert scalars.seconds == 0.0
