"""Directories that are whole or not there, made by one process while others wait."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from keras_seq2seq.atomic_file import tree_to_disk
from keras_seq2seq.data.cache.reporting import Reporting
from keras_seq2seq.file_lock import LOCK, Held, owned

_PAUSE = 0.5  # seconds between two looks whether another process is done
_CONTENTS = "contents.json"  # the sizes of all files of a directory
_FULL = (errno.ENOSPC, errno.EDQUOT)
HEADER = 128  # bytes before the numbers in a `.npy` file of one axis


def name_of(*facts: object) -> str:
    """A name for what depends on some facts: 16 digits of the SHA-256 of their JSON."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def building(path: Path, reporting: Reporting) -> Iterator[Path | None]:
    """Gives a directory to fill, which is renamed to `path` when all went well.

    Gives None where `path` is there already, be it that another process has just made it. What a
    process that was killed has left is removed, and where files of `path` are gone or cut off all
    are made again. After an error nothing is left.

    Args:
        path: the directory; its content follows from its name.
        reporting: told if another process is making it, and if it is made again.
    """
    temporary = path.with_name(f"{path.name}.building")
    told = False
    try:
        while not is_whole(path):
            try:
                with owned(temporary, "filling"):
                    if is_whole(path):
                        break
                    if path.is_dir():
                        reporting.damaged(path)
                    with _emptied(temporary):
                        yield temporary
                        _put(temporary, path)
                return
            except Held:
                if not told:
                    reporting.waiting()
                told = True
                time.sleep(_PAUSE)
        yield None
    finally:
        with contextlib.suppress(OSError):  # there is nothing in it, or another process's work
            temporary.rmdir()


def is_whole(path: Path) -> bool:
    """Whether a directory has all that `building` has put there."""
    try:
        sizes = json.loads((path / _CONTENTS).read_text("utf-8"))
        return all(os.path.getsize(path / name) == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _put(temporary: Path, path: Path) -> None:
    """Gives what was made its name."""
    names = sorted(name for name in os.listdir(temporary) if name != LOCK)
    write_json(temporary / _CONTENTS, {name: os.path.getsize(temporary / name) for name in names})
    tree_to_disk(temporary)
    if not path.is_dir():
        temporary.rename(path)
        return
    for name in (*names, _CONTENTS):  # others may be reading what was whole of it
        os.replace(temporary / name, path / name)
    tree_to_disk(path)


@contextlib.contextmanager
def _emptied(directory: Path) -> Iterator[None]:
    """A directory with nothing but its lock in it, now and after an error."""
    _empty(directory)
    try:
        yield
    except BaseException as error:
        _empty(directory)
        if isinstance(error, OSError) and error.errno in _FULL:
            text = f"{error.strerror}. Make room, or name another place by data.cache_directory"
            raise OSError(error.errno, text, str(directory.parent)) from error
        raise


def _empty(directory: Path) -> None:
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        elif entry.name != LOCK:
            os.unlink(entry.path)


@contextlib.contextmanager
def growing_array(path: Path, dtype: np.dtype) -> Iterator[Callable[[np.ndarray], None]]:
    """Gives a function that appends numbers to a `.npy` file, of any number in the end."""
    count = 0
    with open(path, "wb") as file:

        def append(numbers: np.ndarray) -> None:
            nonlocal count
            count += len(numbers)
            file.write(np.ascontiguousarray(numbers, dtype).data)

        file.write(bytes(HEADER))
        yield append
        file.seek(0)
        np.lib.format.write_array_header_1_0(
            file, {"descr": dtype.str, "fortran_order": False, "shape": (count,)}
        )
        if file.tell() != HEADER:
            raise RuntimeError(f"{path}: NumPy's header has {file.tell()} bytes, not {HEADER}.")


def write_json(path: Path, value: object) -> None:
    """Writes plain data as UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", "utf-8")
