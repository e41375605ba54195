"""Optimizers that let a model learn with the weights that a file of few bits will have."""

import math
from typing import Any

from keras import ops

from keras_seq2seq.tensors import Tensor

_FEWEST = 1024  # numbers in weights that are worth it


def quantization_aware(optimizer_class: type, bits: int, first_step: int) -> type:
    """Makes an optimizer class under which kernels and embeddings are quantized while they learn.

    From step `first_step` on, the model computes with weights that have 2^bits - 1 values, as many
    on both sides of zero, and a scale for each unit or token; their gradient moves the
    exact weights, which the optimizer keeps (straight-through, Bengio et al., 2013) and averages,
    if it averages.

    Args:
        optimizer_class: What moves the weights.
        bits: 4 for int4.
        first_step: Steps that are as ever, at least 1.

    Returns:
        A subclass with the same arguments.

    Example:

    >>> import keras
    >>> optimizer = quantization_aware(keras.optimizers.SGD, bits=4, first_step=1)(0.1)
    >>> weights = keras.Variable(keras.random.normal((32, 32), seed=1))
    >>> optimizer.apply([keras.ops.zeros((32, 32))], [weights])
    >>> len(set(keras.ops.convert_to_numpy(weights)[:, 0].tolist())) <= 15
    True
    """

    class QuantizationAware(optimizer_class):
        @property
        def is_rounding(self):
            return bool(self.iterations >= first_step)

        def build(self, variables):
            if not self.built:
                self.exact = [
                    (variable, self.add_variable_from_reference(variable, name="exact"))
                    for variable in variables
                    if len(variable.shape) == 2 and math.prod(variable.shape) >= _FEWEST
                ]
            super().build(variables)

        def apply(self, grads, trainable_variables=None):
            if not self.built:
                self.build(list(trainable_variables or ()))
            is_on = self.iterations >= first_step
            for variable, exact in self.exact:
                variable.assign(ops.where(is_on, exact, variable))
            super().apply(grads, trainable_variables)
            is_on = self.iterations >= first_step
            for variable, exact in self.exact:
                exact.assign(variable)
                rounded = quantized(variable, bits, _axis(variable))
                variable.assign(ops.where(is_on, rounded, variable))

    QuantizationAware.__name__ = QuantizationAware.__qualname__ = optimizer_class.__name__
    return QuantizationAware


def still_exact(optimizer: Any) -> bool:
    """Whether an optimizer is one that rounds weights, but has not begun to.

    >>> import keras
    >>> still_exact(keras.optimizers.SGD())
    False
    >>> still_exact(quantization_aware(keras.optimizers.SGD, bits=4, first_step=1)())
    True
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
    return not getattr(inner, "is_rounding", True)


def quantized(weights: Tensor, bits: int, axis: int) -> Tensor:
    """The nearest of 2^bits - 1 values, whose scale is that of the largest number along `axis`.

    >>> from keras import ops
    >>> quantized(ops.array([[7.0, -3.2, 0.4]]), bits=4, axis=1).numpy().tolist()
    [[7.0, -3.0, 0.0]]
    """
    highest = 2.0 ** (bits - 1) - 1
    scale = ops.max(ops.abs(weights), axis=axis, keepdims=True) / highest
    scale = ops.where(scale > 0, scale, 1.0)
    return ops.round(weights / scale) * scale


def _axis(variable: Any) -> int:
    """The axis of the numbers that share a scale: of a token's row, or of a unit's column."""
    return 1 if "embeddings" in variable.path else 0
