"""The optimizer is Keras's own to the last bit, tells the norm, and can be slowed down."""

import keras
import numpy as np
import pytest

from keras_seq2seq.objective.recoverable_optimizer import gradient_norm_of, set_learning_rate_factor
from keras_seq2seq.training import recoverable

GRADIENTS = [np.float32([[3.0, 0.0], [0.0, 4.0]]), np.float32([12.0])]


def variables():
    return [keras.Variable(np.ones((2, 2), "float32")), keras.Variable(np.ones(1, "float32"))]


def learn(optimizer, steps=3):
    ours = variables()
    optimizer.build(ours)
    for step in range(1, steps + 1):
        grads = [keras.ops.convert_to_tensor(g / step) for g in GRADIENTS]
        optimizer.apply_gradients(zip(grads, ours, strict=True))
    return [variable.numpy() for variable in ours]


@pytest.mark.parametrize(
    "options", [{}, {"global_clipnorm": 1.0}, {"clipnorm": 1.0}, {"clipvalue": 0.5}]
)
@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.AdamW])
def test_it_is_the_optimizer_of_keras(kind, options):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = recoverable(kind)(schedule, **options)
    for ours, theirs in zip(learn(optimizer), learn(kind(schedule, **options)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert gradient_norm_of(optimizer) == pytest.approx(13 / 3, rel=1e-6)
    assert gradient_norm_of(kind(0.1)) is None


def test_the_factor_slows_down_numbers_and_schedules():
    for rate in (0.5, keras.optimizers.schedules.CosineDecay(0.5, 10)):
        optimizer = recoverable(keras.optimizers.SGD)(rate)
        optimizer.build(variables())
        set_learning_rate_factor(optimizer, 0.25)
        assert float(optimizer.learning_rate) == 0.125


def test_a_plateau_behind_a_factor_lowers_the_rate_by_its_own_factor_alone():
    optimizer = recoverable(keras.optimizers.SGD)(0.5)
    optimizer.build(variables())
    set_learning_rate_factor(keras.optimizers.LossScaleOptimizer(optimizer), 0.25)
    optimizer.learning_rate = float(optimizer.learning_rate) * 0.5  # as `ReduceLROnPlateau` does
    assert float(optimizer.learning_rate) == 0.0625


def test_a_token_that_occurs_twice_counts_as_one_gradient():
    """TensorFlow gives them apart, and Keras would add up their squares, there alone."""
    table = keras.layers.Embedding(3, 2)
    model = keras.Sequential([keras.Input((4,), dtype="int32"), table])
    optimizer = recoverable(keras.optimizers.Adam)(0.1, beta_2=0.5)
    model.compile(optimizer, loss=lambda _, vectors: keras.ops.sum(vectors))
    model.train_on_batch(np.array([[1, 1, 1, 2]]), np.zeros((1, 4, 2)))
    (velocity,) = [v for v in optimizer.variables if "velocity" in v.path]
    expected = [[0.0, 0.0], [0.5 * 3**2] * 2, [0.5] * 2]
    np.testing.assert_allclose(velocity.numpy(), expected, rtol=1e-6)
    assert gradient_norm_of(optimizer) == pytest.approx(20**0.5)  # 3, 3, 1, 1
