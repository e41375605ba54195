"""A method as a Keras model, so that every backend compiles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from keras_seq2seq.tensors import Tensor


class CompiledMethod(keras.Model):
    """Runs a function over tensors as `call`: `predict_on_batch` compiles it on any backend.

    Args:
        owner: the `keras.Model` whose weights the function uses.
        function: callable that takes the inputs by name.

    Call arguments:
        inputs: dict of tensors with batch axis B.

    Returns:
        What the function returns: a nest of tensors with batch axis B.
    """

    def __init__(self, owner: keras.Model, function: Callable[..., Any], **kwargs: Any):
        super().__init__(**kwargs)
        self.owner = owner
        self.function = function

    def call(self, inputs: dict[str, Tensor]) -> Any:
        return self.function(**inputs)

    def predict_on_batch(self, x):
        """The outputs of a batch; in the scope of a strategy each device computes all of them."""
        rows = len(next(iter(x.values())))
        return keras.tree.map_structure(lambda array: array[:rows], super().predict_on_batch(x))
