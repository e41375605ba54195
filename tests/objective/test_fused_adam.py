"""Fused steps move what Keras moves, to where Keras moves it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.fast_paths import tensorflow_optimizer
from keras_seq2seq.objective.fused_adam import fused

STARTS = [np.array([[1.0, -2.0], [0.5, 3.0]], "float32"), np.array([4.0], "float32")]


def learn(optimizer, in_graph=True):
    """Variables, averages and moments after five steps of gradients that differ."""
    variables = [keras.Variable(start) for start in STARTS]
    optimizer.build(variables)

    def step(number):
        grads = [keras.ops.sin(number + variable) for variable in variables]
        optimizer.apply(grads, variables)

    step = tf.function(step) if in_graph else step
    for number in range(5):
        step(tf.constant(number, "float32"))
    return [v.numpy() for v in [*variables, *optimizer.variables]]


@pytest.fixture
def calls(monkeypatch):
    """The names of the kernels that are called."""
    made = []
    for name in ("adam_step", "move_average"):
        kernel = getattr(tensorflow_optimizer, name)

        def counted(*arguments, name=name, kernel=kernel):
            made.append(name)
            return kernel(*arguments)

        monkeypatch.setattr(tensorflow_optimizer, name, counted)
    return made


@pytest.mark.parametrize("in_graph", [True, False])
@pytest.mark.parametrize(
    "options",
    [{}, {"global_clipnorm": 0.5}, {"use_ema": True, "ema_momentum": 0.9}, {"weight_decay": 0.1}],
)
@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.AdamW])
def test_it_is_the_optimizer_of_keras(kind, options, in_graph, calls):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    ours = learn(fused(kind)(schedule, **options), in_graph)
    assert set(calls) == {"adam_step"} | ({"move_average"} if "use_ema" in options else set())
    theirs = learn(kind(schedule, **options), in_graph)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=5e-5, atol=1e-6)  # 1 - 0.999**t is rough


def test_what_a_kernel_does_not_know_is_left_to_keras(calls):
    learn(fused(keras.optimizers.Adam)(0.1, amsgrad=True))
    learn(fused(keras.optimizers.SGD)(0.1))
    half = keras.Variable(np.ones(3, "float16"), dtype="float16")
    fused(keras.optimizers.Adam)(0.1).apply([keras.ops.ones(3, "float16")], [half])
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        optimizer, weights = fused(keras.optimizers.Adam)(0.1, use_ema=True), keras.Variable([1.0])
        optimizer.build([weights])
        strategy.run(lambda: optimizer.apply([tf.ones(1)], [weights]))
        np.testing.assert_allclose(weights, [0.9], atol=1e-6)
    assert not calls


def test_its_class_has_the_name_of_the_one_of_keras():
    assert fused(keras.optimizers.AdamW).__name__ == "AdamW"
    assert fused(keras.optimizers.AdamW)(0.1, weight_decay=0.5).get_config()["weight_decay"] == 0.5
