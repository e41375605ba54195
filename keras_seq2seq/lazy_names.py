"""Public names that editors see as imports, and that are imported at first use."""

import ast
import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

from keras_seq2seq.nearest_name import did_you_mean


def lazy_names(
    package: str, before_first_use: Callable[[], object] = lambda: None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Returns the `__getattr__`, `__dir__` and `__all__` of a package whose names load lazily.

    The names are those that the package imports under `if TYPE_CHECKING:`, where editors and type
    checkers find them. The command line answers `--help` without waiting for TensorFlow, and
    layers and models can be used with another Keras backend where TensorFlow is not installed.

    Args:
        package: str. The package's `__name__`.
        before_first_use: what is called each time a name is looked up, before it is imported.
    """
    modules = imported_for_editors(package)

    def get(name: str) -> Any:
        if name not in modules:
            hint = did_you_mean(name, modules)
            raise AttributeError(f"{package} has no public name {name!r}.{hint}")
        before_first_use()
        if modules[name] == package:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(modules[name]), name)

    return get, lambda: sorted(modules), sorted(modules)


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
