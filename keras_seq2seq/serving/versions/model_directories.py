"""Finds models and their versions below a directory."""

import functools
import os
import pathlib
from collections.abc import Callable

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.version_names import is_version_name

Finder = Callable[[], dict[int, pathlib.Path]]


def find_models(directory: pathlib.Path, name: str | None = None) -> dict[str, Finder]:
    """Finds what there is to serve, for each name a function that finds its versions.

    Args:
        directory: A base directory, with versions as `1` and `2` in it; or one of these; or a
            directory of base directories; or one that has such a directory named `models`.
        name: Of the model, if it is one; by default its directory's.

    Raises:
        ExportError: there is none.
    """
    directory = pathlib.Path(os.path.abspath(directory))  # a link keeps its name
    if not directory.is_dir():
        raise ExportError(f"{directory} {_no_directory(directory)}")
    if (directory / "saved_model.pb").is_file():
        number = int(directory.name) if _is_version(directory) else 1
        base = directory.parent if _is_version(directory) else directory
        return {name or base.name: functools.partial(_this_version, directory, number)}
    if versions_in(directory):
        return {name or directory.name: functools.partial(versions_in, directory)}
    shelf = directory / "models" if (directory / "models").is_dir() else directory
    bases = [path for path in sorted(shelf.iterdir()) if path.is_dir() and versions_in(path)]
    if not bases:
        raise ExportError(
            f"{directory} holds no SavedModel: none in it, and none in {directory / '1'}.{_hint}"
        )
    if name and len(bases) > 1:
        names = ", ".join(base.name for base in bases)
        raise ExportError(f"{directory} holds several models, {names}: one name is not enough.")
    return {name or base.name: functools.partial(versions_in, base) for base in bases}


def versions_in(base: pathlib.Path) -> dict[int, pathlib.Path]:
    """The directories of versions in a base directory, whatever is in them."""
    return {int(path.name): path for path in sorted(base.iterdir()) if _is_version(path)}


def _this_version(directory: pathlib.Path, number: int) -> dict[int, pathlib.Path]:
    return {number: directory} if directory.is_dir() else {}


def _is_version(path: pathlib.Path) -> bool:
    return is_version_name(path.name) and path.is_dir()


_hint = " Write one by `keras-seq2seq export MODEL --saved-model DIRECTORY`."


def _no_directory(path: pathlib.Path) -> str:
    if not path.exists():
        return "does not exist."
    return f"is a file, but a SavedModel is a directory.{_hint}"
