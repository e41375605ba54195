"""Numbered lines of text files, read as `keras-seq2seq generate` reads them."""

import glob
import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

_LONGEST_LINE = 2**24  # bytes; beyond, it is no text, or a device that never ends
_GZIP_MAGIC = b"\x1f\x8b"
_MARK = "\ufeff"  # the byte order mark


class TextError(ValueError):
    """A file that is no text of one sentence a line; says where, and how to mend it."""


class Line(NamedTuple):
    """A line and its place: `id` counts through all files from 0, `line` in its file from 1."""

    id: int
    file: str
    line: int
    source: str


def find_files(
    names: Sequence[str],
    match: Callable[[str], list[str]] | None = None,
    open_file: Callable[[str], BinaryIO] | None = None,
) -> list[str]:
    """Absolute paths of files and of what globs match, in the order that was asked for.

    What a glob matches is sorted. The first line of each file is read, so that a wrong file is
    told before the work begins, not hours later.

    Args:
        names: Files, globs or both.
        match: Gives the paths that a name stands for; by default those of the local disk.
        open_file: Opens a path for reading bytes; by default on the local disk.

    Raises:
        TextError: There is no such file, it is a directory, or its beginning is no text.
    """
    paths = []
    for name in names:
        found = (match or match_local)(name)
        if not found:
            raise TextError(f"There is no file {name}, and as a glob it matches none.")
        paths += found
    if not paths:
        raise TextError("No file was named: give one or more files of text.")
    for path in paths:
        next(read_lines([path], open_file))
    return paths


def match_local(name: str) -> list[str]:
    """The file of that name on the local disk or, where there is none, what matches as a glob."""
    if os.path.isdir(name):
        raise TextError(f'{name} is a directory. Name its files: "{os.path.join(name, "*.txt")}".')
    found = [name] if os.path.exists(name) else sorted(glob.glob(name, recursive=True))
    for path in found:
        if not os.path.isfile(path) and not os.path.isdir(path):  # workers could not read it again
            raise TextError(f"{path} is not a regular file: save its text to a file first.")
    return [os.path.abspath(path) for path in found if os.path.isfile(path)]


def read_lines(
    paths: Iterable[str], open_file: Callable[[str], BinaryIO] | None = None
) -> Iterator[Line]:
    """The lines of files, one file after the other; no more than one line is held.

    A line ends at a line feed, before which carriage returns are dropped, and nowhere else: not
    at U+2028 nor a form feed. A byte order mark is dropped at the beginning of any line. Empty
    lines count. The last line may lack its end. Gzip is unpacked.

    Args:
        paths: Files, plain or gzipped.
        open_file: Opens one of them for reading bytes; by default from the local disk.

    Raises:
        TextError: A file is empty, not UTF-8, broken gzip, or has NUL, a lone carriage return, or
            a line of more than 16 MiB.

    Example:

    >>> import tempfile
    >>> file = tempfile.NamedTemporaryFile()
    >>> _ = file.write("a\\r\\n\\nb\\u2028c".encode()), file.flush()
    >>> [(line.id, line.source) for line in read_lines([file.name])]
    [(0, 'a'), (1, ''), (2, 'b\\u2028c')]
    """
    first = 0
    for path in paths:
        number = 0
        for number, raw in enumerate(_raw_lines(path, open_file or _open_local), start=1):
            yield Line(first + number - 1, path, number, _decoded(raw, f"{path}, line {number}"))
        if not number:
            raise TextError(f"{path} is empty: one sentence a line was expected.")
        first += number


def windows(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Rows in lists of `size`, the last one of what is left."""
    window = []
    for row in rows:
        window.append(row)
        if len(window) == size:
            yield window
            window = []
    if window:
        yield window


def _raw_lines(path: str, open_file: Callable[[str], BinaryIO]) -> Iterator[bytes]:
    """Lines with their ends; of a text that is a byte order mark and nothing else, none."""
    number = 0
    try:
        with open_file(path) as packed:
            head = packed.read(2)
            packed.seek(0)
            if head == _GZIP_MAGIC:
                file: Any = gzip.GzipFile(fileobj=packed)
            elif path.endswith(".gz"):
                raise TextError(
                    f"{path} is not gzip, though its name ends in .gz. Drop the .gz from its name, "
                    "or compress it."
                )
            else:
                file = packed
            while raw := file.readline(_LONGEST_LINE + 2):
                number += 1
                if len(raw.rstrip(b"\n")) > _LONGEST_LINE:
                    raise TextError(
                        f"{path}, line {number} has more than {_LONGEST_LINE:,} bytes: one "
                        "sentence a line was expected."
                    )
                if number > 1 or raw != _MARK.encode():
                    yield raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TextError(
            f"{path} is broken gzip ({error}) after line {number:,}. Download or compress it again."
        ) from error
    except OSError as error:
        raise TextError(f"{path} cannot be read: {error.strerror or error}.") from error


def _open_local(path: str) -> BinaryIO:
    return open(path, "rb")


def _decoded(raw: bytes, place: str) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{place}: byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not UTF-8. "
            "Convert the file to UTF-8, for instance with iconv."
        ) from None
    if "\0" in text:
        raise TextError(
            f"{place} has a NUL, which text does not hold. If the file is UTF-16, convert it with "
            "iconv; else take the NULs out: tr -d '\\000'."
        )
    text = text.removesuffix("\n").rstrip("\r").removeprefix(_MARK)
    if "\r" in text:
        raise TextError(
            f"{place} has a carriage return without a line feed. Where it ends a line, write a "
            "line feed: sed 's/\\r$//' | tr '\\r' '\\n'. Where it does not: tr -d '\\r'."
        )
    return text
