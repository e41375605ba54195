"""Steps of an optimizer that go over each variable once, where Keras does so several times."""

from typing import Any

import keras
import tensorflow as tf

from keras_seq2seq.tensors import Tensor


def summed_by_token(gradient: Tensor) -> Tensor:
    """A tensor of what may be `tf.IndexedSlices`, which have a row for each occurrence."""
    return tf.convert_to_tensor(gradient)


def squared_norm(gradient: Tensor) -> Tensor:
    """The sum of all squares, without a tensor of squares."""
    return 2.0 * tf.nn.l2_loss(gradient)


def fits_adam(optimizer: Any, variable: Any) -> bool:
    """Whether `adam_step` does what `optimizer.update_step` does with this variable."""
    is_adam = isinstance(optimizer, keras.optimizers.Adam) and not optimizer.amsgrad
    return is_adam and fits_average(variable)


def adam_step(optimizer: Any, gradient: Tensor, variable: Any, learning_rate: Tensor) -> None:
    """One step of Adam: a kernel that reads and writes variable and moments once."""
    place = optimizer._get_variable_index(variable)
    step = tf.cast(optimizer.iterations + 1, "float32")
    tf.raw_ops.ResourceApplyAdam(
        var=_plain(variable).handle,
        m=_plain(optimizer._momentums[place]).handle,
        v=_plain(optimizer._velocities[place]).handle,
        beta1_power=tf.pow(optimizer.beta_1, step),
        beta2_power=tf.pow(optimizer.beta_2, step),
        lr=tf.cast(learning_rate, "float32"),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=gradient,
    )


def fits_average(variable: Any) -> bool:
    """Whether a variable is one tensor of float32, and no copy of it lies on another device."""
    return variable.dtype in ("float32", tf.float32) and not tf.distribute.has_strategy()


def move_average(average: Any, variable: Any, share: Tensor) -> None:
    """Moves an average towards a variable by a share in [0, 1] of the way."""
    average, variable = _plain(average), _plain(variable)
    tf.raw_ops.ResourceApplyGradientDescent(
        var=average.handle, alpha=share, delta=average - variable
    )


def _plain(variable: Any) -> tf.Variable:
    return variable.value if isinstance(variable, keras.Variable) else variable
