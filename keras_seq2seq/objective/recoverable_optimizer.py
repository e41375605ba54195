"""Optimizers that tell how large the gradient was, and that can be slowed down."""

from typing import Any

from keras import ops

from keras_seq2seq.fast_paths.fast_path import fast_path
from keras_seq2seq.tensors import Tensor


def recoverable(optimizer_class: type) -> type:
    """Makes an optimizer class that shows and bears trouble.

    `gradient_norm`, a variable, is the norm of the last gradient, before clipping. Clipping by
    the global norm computes it anyway; here it is computed once for both, in the same way as in
    Keras. On several devices it is that of the whole batch, and the whole is clipped, where Keras
    clips the part of each device by itself. `learning_rate_factor`, a variable, multiplies the
    learning rate, be it a number or a schedule; it is 1 until somebody lowers it.

    Returns:
        A subclass with the same arguments.

    Example:

    >>> import keras
    >>> optimizer = recoverable(keras.optimizers.Adam)(0.5, global_clipnorm=1.0)
    >>> optimizer.build([keras.Variable([1.0])])
    >>> optimizer.learning_rate_factor.assign(0.25) is None
    False
    >>> float(optimizer.learning_rate), gradient_norm_of(optimizer)
    (0.125, 0.0)
    """

    class Recoverable(optimizer_class):
        def build(self, variables):
            if not self.built:
                for name, value in (("gradient_norm", "zeros"), ("learning_rate_factor", "ones")):
                    setattr(self, name, self.add_variable((), value, "float32", name=name))
            super().build(variables)

        def _get_current_learning_rate(self):
            rate = super()._get_current_learning_rate()
            return rate * self.learning_rate_factor if self.built else rate

        @property
        def learning_rate(self):
            return self._get_current_learning_rate()

        @learning_rate.setter
        def learning_rate(self, value):
            # Whoever sets it, as a plateau does, has read it with the factor in it.
            if self.built and not callable(value):
                value = value / self.learning_rate_factor
            optimizer_class.learning_rate.fset(self, value)

        def _all_reduce_sum_gradients(self, grads_and_vars):
            return list(grads_and_vars)  # of TensorFlow: it is done before the norm is taken

        def _clip_gradients(self, grads):
            sum_up = getattr(super(), "_all_reduce_sum_gradients", lambda pairs: pairs)
            grads = [grad for grad, _ in sum_up(zip(grads, grads, strict=True))]
            # TensorFlow gives a gradient for each occurrence of a token; of these Keras would
            # take the squares one by one, here and in Adam, and not that of their sum.
            grads = [grad if grad is None else summed_by_token(grad) for grad in grads]
            squares = [squared_norm(grad) for grad in grads if grad is not None]
            norm = ops.sqrt(ops.sum(ops.stack(squares)))
            self.gradient_norm.assign(ops.cast(norm, "float32"))
            if not self.global_clipnorm:
                return super()._clip_gradients(grads)
            limit = self.global_clipnorm
            scale = limit * ops.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)  # NaN stays NaN
            return [grad if grad is None else grad * scale for grad in grads]

    Recoverable.__name__ = Recoverable.__qualname__ = optimizer_class.__name__
    return Recoverable


@fast_path("tensorflow_optimizer")
def summed_by_token(gradient: Tensor) -> Tensor:
    """The gradient of a table [V, E] with one row for each token, as most backends make it."""
    return gradient


@fast_path("tensorflow_optimizer")
def squared_norm(gradient: Tensor) -> Tensor:
    """The sum of the squares of a tensor, a scalar."""
    return ops.sum(ops.square(gradient))


def gradient_norm_of(optimizer: Any) -> float | None:
    """The norm of the last gradient as a float, before it was clipped; `None` if nobody knows.

    Under a loss scale it is that of the last gradient that was finite.
    """
    norm = getattr(_inner(optimizer), "gradient_norm", None)
    return None if norm is None else float(norm.numpy())


def loss_scale_of(optimizer: Any) -> float | None:
    """What the loss is multiplied by against underflow; `None` without a loss scale."""
    scale = getattr(optimizer, "dynamic_scale", None)
    return None if scale is None else float(scale.numpy())


def set_learning_rate_factor(optimizer: Any, factor: float) -> None:
    """Multiplies the learning rate of a built `recoverable` optimizer by a factor from now on."""
    _inner(optimizer).learning_rate_factor.assign(factor)


def _inner(optimizer: Any) -> Any:
    """The optimizer itself, out of the one that scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)
