"""Functions that have a faster version for one backend."""

import functools
import importlib
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

import keras

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

FAST_PATHS: list["FastPath"] = []  # all there are: one test compares value and gradient of each


class FastPath(Generic[Arguments, Result]):
    """A function in plain `keras.ops` that TensorFlow computes by another one of the same name.

    The other one lies in a module of `keras_seq2seq.fast_paths`, which is imported when it is
    called for. Where that module has a function `applies`, it is asked first, with the arguments.

    Args:
        reference: the function in `keras.ops`: what is right, and what other backends use.
        module: Name of the module.

    Example:

    ```python
    @fast_path("tensorflow_crossentropy")
    def log_normalizer(logits):
        return ops.logsumexp(logits, axis=-1)

    log_normalizer(logits)                                      # by the fast one if possible
    log_normalizer.reference(logits), log_normalizer.fast(logits)
    ```
    """

    def __init__(self, reference: Callable[Arguments, Result], module: str):
        functools.update_wrapper(self, reference)
        self.reference = reference
        self.module = f"keras_seq2seq.fast_paths.{module}"
        FAST_PATHS.append(self)

    @property
    def fast(self) -> Callable[Arguments, Result]:
        return getattr(importlib.import_module(self.module), self.reference.__name__)

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        chosen = self.reference
        if keras.backend.backend() == "tensorflow":
            applies = getattr(importlib.import_module(self.module), "applies", None)
            chosen = self.fast if applies is None or applies(*args, **kwargs) else chosen
        return chosen(*args, **kwargs)


def fast_path(module: str) -> Callable[[Callable[Arguments, Result]], FastPath[Arguments, Result]]:
    """Decorates a function that has a faster version in `keras_seq2seq.fast_paths.<module>`."""
    return functools.partial(FastPath, module=module)
