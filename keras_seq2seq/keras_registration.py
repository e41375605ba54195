"""Makes the classes of this package known to Keras."""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from keras_seq2seq.lazy_names import imported_for_editors

_WITH_ANY_BACKEND = {"layers", "models", "objective"}
_WITH_TENSORFLOW = {"text", "text_models"}
_BRING_KERAS = {"keras", "tensorflow"}


@functools.cache  # once is enough
def register_classes() -> None:
    """Imports every public class that a saved model may hold, so that Keras can load it."""
    import keras

    rooms = set(_WITH_ANY_BACKEND)
    if keras.backend.backend() == "tensorflow":
        rooms |= _WITH_TENSORFLOW
    for module in sorted(set(imported_for_editors("keras_seq2seq").values())):
        if rooms.intersection(module.split(".")[1:2]):
            importlib.import_module(module)


def register_when_keras_comes() -> None:
    """Registers as soon as somebody else imports Keras or TensorFlow, which are not loaded yet.

    Where this package itself does, in the midst of an import of its own, what it loads registers.
    """
    sys.meta_path.insert(0, _KerasWatch())


class _KerasWatch(MetaPathFinder):
    """Finds what others find, but adds to what is done when it is imported; once.

    TensorFlow imports Keras before it is ready itself, so the first of both counts.
    """

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname not in _BRING_KERAS:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module
            vars(spec.loader)["exec_module"] = functools.partial(self._import, execute)
        return spec

    def _import(self, execute: Callable[[ModuleType], object], module: ModuleType) -> None:
        if is_first := self in sys.meta_path:
            sys.meta_path.remove(self)
        execute(module)
        if is_first and not _within_this_package():
            register_classes()


def _within_this_package() -> bool:
    """Whether a module of ours, which may be half done, is among the callers."""
    frame = inspect.currentframe()
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("keras_seq2seq.") and name != __name__:
            return True
        frame = frame.f_back
    return False
