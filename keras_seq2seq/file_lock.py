"""One owner of a directory at a time."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator

from keras_seq2seq.atomic_file import FilePath

LOCK = ".lock"
_TRIES = 100
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Held(ValueError):
    """Another process holds the lock."""


@contextlib.contextmanager
def owned(directory: FilePath, doing: str = "writing to", hint: str = "") -> Iterator[None]:
    """Holds the lock of a directory, which is made if need be, while something in it is changed.

    The lock is the file `.lock` in it, with the number of the process that holds it, and is gone
    afterwards. The system gives a lock up when its process ends, even if it is killed. Whatever
    else bears that name, be it a link, is refused and stays as it is.

    Args:
        directory: its path. It may be renamed meanwhile.
        doing: what the owner does, for who comes second.
        hint: what who comes second reads at the end.

    Raises:
        Held: another one holds the lock; it is a ValueError.
        ValueError: there can be none.

    Example:

    ```python
    with owned("served/ko_en"):
        write_version(3)
    ```
    """
    descriptor = _open_locked(os.fspath(directory), doing, hint)
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)  # wherever it is renamed to
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), os.stat(LOCK, dir_fd=place)):
                os.unlink(LOCK, dir_fd=place)
        os.close(place)
        os.close(descriptor)


def _open_locked(directory: str, doing: str, hint: str) -> int:
    """The descriptor of the lock file, locked, while it bears that name."""
    path = os.path.join(directory, LOCK)
    for _ in range(_TRIES):  # whoever held it before may just remove the file or the directory
        try:
            os.makedirs(directory, exist_ok=True)
            descriptor = os.open(path, _FLAGS, 0o666)
        except FileNotFoundError:
            continue
        except OSError as error:
            kinds = {os.path.isdir: "it is a directory", os.path.islink: "it is a symbolic link"}
            reason = [kind for test, kind in kinds.items() if test(path)][-1:] or [error.strerror]
            raise ValueError(
                f"{path} cannot be the lock of {directory}: {reason[0]}. Remove it, or choose "
                "another directory."
            ) from error
        try:
            if _locked(descriptor, path, f"Another process is {doing} {directory}", hint):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise ValueError(f"{path} comes and goes: others use {directory}. Choose another directory.")


def _locked(descriptor: int, path: str, refusal: str, hint: str) -> bool:
    """Locks an open file and writes down who did; whether it is still the one of that name."""
    facts = os.fstat(descriptor)
    text = os.pread(descriptor, 64, 0) if stat.S_ISREG(facts.st_mode) else b"?"
    if facts.st_nlink > 1 or (text and not text.startswith(b"process ")):
        raise ValueError(f"{path} is something else than a lock: move it away.")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = text.decode("ascii", "replace").strip() or "it does not say which"
        raise Held(f"{refusal} ({holder}). Wait until it ends, or stop it{hint}.") from None
    except OSError:  # a file system that knows no locks
        pass
    with contextlib.suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
            os.ftruncate(descriptor, os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0))
            return True
    return False
