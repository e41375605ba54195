"""A function over tensors, compiled on any backend."""

import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_seq2seq.tensors import Tensor

_MOST_SHAPES = 10_000  # whose calls need not wait; a search has some hundred
# One for all models, since they may share layers, as those of an ensemble do.
_tracing = threading.RLock()


class Compiled:
    """Calls a function of tensors by name with NumPy arrays, from any number of threads.

    A call whose shapes were not seen before, which may trace and compile, waits until no other one
    does; all others run side by side. On JAX, where a call of Keras changes the model's state, each
    waits for the one before.

    Args:
        owner: The Keras model whose weights the function uses.
        function: Takes tensors by name and gives a nest of them.
    """

    def __init__(self, owner: Any, function: Callable[..., Any]):
        self._method = _CompiledMethod(owner, function)
        self._seen: set[Any] = set()

    def __call__(self, inputs: dict[str, Any]) -> Any:
        shapes = tuple(np.shape(array) for array in inputs.values())
        if shapes in self._seen:
            return self._method.predict_on_batch(inputs)
        with _tracing:
            found = self._method.predict_on_batch(inputs)
            if keras.backend.backend() != "jax" and len(self._seen) < _MOST_SHAPES:
                self._seen.add(shapes)
        return found


class _CompiledMethod(keras.Model):
    """A function over named tensors as `call`: `predict_on_batch` compiles it on any backend."""

    def __init__(self, owner: Any, function: Callable[..., Any]):
        super().__init__(name="compiled_method")  # TensorFlow refuses names that begin with _
        self.owner = owner  # the model whose weights the function uses
        self.function = function

    def call(self, inputs: dict[str, Tensor]) -> Any:
        return self.function(**inputs)

    def make_predict_function(self, force: bool = False) -> Any:
        made = super().make_predict_function(force)
        # TensorFlow counts the first traces of all models as those of one function, and warns.
        if hasattr(self.predict_function, "_omit_frequent_tracing_warning"):
            self.predict_function._omit_frequent_tracing_warning = True
        return made

    def _get_jax_state(self, *args: Any, **kinds: Any) -> Any:
        """Copies of the weights: JAX reuses the memory of those that a call of Keras gives it.

        Keras takes them back afterwards, but what else lies there is lost: at the end of `fit` that
        is each moving average, of which Keras then makes the weights.
        """
        return keras.tree.map_structure(keras.ops.copy, super()._get_jax_state(*args, **kinds))

    def predict_on_batch(self, x: dict[str, Tensor]) -> Any:
        """The outputs of a batch; in the scope of a strategy each device computes all of them."""
        if self.predict_function is None and keras.backend.backend() == "tensorflow":
            from keras_seq2seq.fast_paths.tensorflow_function import trace_for_any_shape

            self.make_predict_function()
            trace_for_any_shape(self.predict_function, x)
        rows = len(next(iter(x.values())))
        return keras.tree.map_structure(lambda array: array[:rows], super().predict_on_batch(x))
