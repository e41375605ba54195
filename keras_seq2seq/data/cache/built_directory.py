"""Directories that are whole or not there, made by one process while others wait."""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from keras_seq2seq.atomic_file import tree_to_disk
from keras_seq2seq.file_lock import LOCK, Held, owned

_PAUSE = 0.5  # seconds between two looks whether another process is done
HEADER = 128  # bytes before the numbers in a `.npy` file of one axis


def name_of(*facts: object) -> str:
    """A name for what depends on some facts: 16 digits of the SHA-256 of their JSON."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def building(path: Path, waiting: Callable[[], None]) -> Iterator[Path | None]:
    """Gives a directory to fill, which is renamed to `path` when all went well.

    Gives None where `path` is there already, be it that another process has just made it. What a
    process that was killed has left is removed.

    Args:
        path: the directory.
        waiting: called once, if another process is making it.
    """
    temporary = path.with_name(f"{path.name}.building")
    told = False
    while not path.is_dir():
        try:
            with owned(temporary, "filling"):
                if path.is_dir():
                    break
                _empty(temporary)
                yield temporary
                tree_to_disk(temporary)
                temporary.rename(path)
            return
        except Held:
            if not told:
                waiting()
            told = True
            time.sleep(_PAUSE)
    with contextlib.suppress(OSError):  # made for the lock alone
        temporary.rmdir()
    yield None


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
