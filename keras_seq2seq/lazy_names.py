"""Public names that editors see as imports, and that are imported at first use."""

import ast
import importlib
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

from keras_seq2seq.nearest_name import did_you_mean


def lazy_names(
    package: str, before_first_use: Callable[[str], object] = lambda name: None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Returns the `__getattr__`, `__dir__` and `__all__` of a package whose names load lazily.

    The names are those that the package imports under `if TYPE_CHECKING:`, where editors and type
    checkers find them. The command line answers `--help` without waiting for TensorFlow, and
    layers and models can be used with another Keras backend where TensorFlow is not installed.

    Args:
        package: str. The package's `__name__`.
        before_first_use: what is called with each name that is looked up, before it is imported.
    """
    modules = imported_for_editors(package)
    if any(modules[name] == f"{package}.{name}" for name in modules):
        sys.modules[package].__class__ = _Room

    def get(name: str) -> Any:
        if name not in modules:
            hint = did_you_mean(name, modules)
            raise AttributeError(f"{package} has no public name {name!r}.{hint}")
        before_first_use(name)
        if modules[name] == package:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(modules[name]), name)

    return get, lambda: sorted(modules), sorted(modules)


class _Room(types.ModuleType):
    """A package with functions called like their files: the name means the function.

    Whoever imports such a file makes the import system bind the name to the file.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        is_file = isinstance(value, types.ModuleType) and name in self.__all__
        super().__setattr__(name, getattr(value, name, value) if is_file else value)


def imported_for_editors(package: str) -> dict[str, str]:
    """The names that a package imports under `if TYPE_CHECKING:`, and the modules they are from."""
    return {
        alias.name: statement.module
        for block in ast.parse(inspect.getsource(sys.modules[package])).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
