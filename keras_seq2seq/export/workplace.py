"""Where an artefact is made until it is whole."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from types import FrameType

import tensorflow as tf

from keras_seq2seq.export.export_error import ExportError, first_line

_PREFIX = ".writing-"


@contextlib.contextmanager
def workplace(target: pathlib.Path, parent: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a new directory in `parent`, which is made if missing, and removes it in the end.

    What writers that were killed left there is removed as well; a directory is locked as long as
    its writer lives. SIGTERM ends the work as Ctrl-C does, where Python's default is in force.

    Raises:
        ExportError: `target` cannot be written there, as on a full disk.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with _sigterm_ends(), contextlib.ExitStack() as stack:
            with locked(parent):
                _remove_leftovers(parent)
                directory = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
                stack.callback(shutil.rmtree, directory, ignore_errors=True)
                stack.enter_context(locked(directory))
            yield directory
    except (OSError, tf.errors.OpError) as error:
        raise ExportError(
            f"{target} cannot be written: {first_line(error)}. What was there is as it was."
        ) from error


@contextlib.contextmanager
def locked(directory: pathlib.Path, wait: bool = True) -> Iterator[bool]:
    """Holds a lock on a directory, which the system gives up when the process ends.

    It yields whether the lock could be had: not where another holds it and `wait` is false, and
    not where the file system knows no locks.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            held = True
        except OSError:
            held = False
        yield held
    finally:
        os.close(descriptor)


def _remove_leftovers(parent: pathlib.Path) -> None:
    for path in parent.glob(f"{_PREFIX}*"):
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError), locked(path, wait=False) as held:
                if held:  # nobody is writing there any more
                    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _sigterm_ends() -> Iterator[None]:
    """Within it SIGTERM raises SystemExit, so that what is half done is removed."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one does what it always did
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
