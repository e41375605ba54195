"""Files that are whole or not there."""

import contextlib
import os
import pathlib


@contextlib.contextmanager
def replacing(path):
    """Gives a temporary path beside `path`, and renames it to `path` when all went well.

    The temporary name has the same ending, by which many libraries tell a file's format. After
    an error nothing is left of it, and an older file stays as it was.

    Args:
        path: the file to write.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
