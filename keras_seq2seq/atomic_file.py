"""Files that are whole or not there."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator
from typing import TypeAlias

FilePath: TypeAlias = str | os.PathLike[str]


@contextlib.contextmanager
def replacing(path: FilePath) -> Iterator[pathlib.Path]:
    """Gives a temporary path beside `path`, and renames it to `path` when all went well.

    The temporary name has the same ending, by which many libraries tell a file's format. After
    an error nothing is left of it, and an older file stays as it was. Content and name have
    reached the disk when it returns, so that a loss of power does no harm either.

    Args:
        path: the file to write.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        to_disk(temporary)
        os.replace(temporary, path)
        with contextlib.suppress(OSError):  # not every system lets a directory be opened
            to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def to_disk(path: pathlib.Path) -> None:
    """Returns when a file's content, or the names in a directory, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tree_to_disk(directory: pathlib.Path) -> None:
    """`to_disk` of a directory and of all that is in it."""
    for path in (*directory.rglob("*"), directory):
        to_disk(path)


def remove_leftovers(directory: FilePath) -> None:
    """Removes the temporary files of writers that were killed; whoever calls is the only writer.

    Args:
        directory: path of the directory they wrote to; need not exist.
    """
    directory = pathlib.Path(directory)
    for name in os.listdir(directory) if directory.is_dir() else ():
        if is_leftover(name) and (directory / name).is_file():
            (directory / name).unlink(missing_ok=True)


def is_leftover(name: str) -> bool:
    """Whether a file's name is one that `replacing` gives for a time."""
    return re.match(r"\.\d+\.", name) is not None
