"""Lines of a text that is too long, or comes too slowly, to be read before it is answered."""

import codecs
import gzip
import io
import os
import select
import stat
import time
import zlib
from collections.abc import Iterator
from typing import Any, Self

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.text_lines import decode_lines, missing_file_message

_CHUNK = 2**16  # bytes read at once
_MOST_BYTES = 2**22  # of a window
_LONGEST_LINE = 2**24  # bytes; beyond, it is no text, or a device that never ends
_PATIENCE = 0.1  # seconds that a line waits for others, so that they are answered together
_GZIP_MAGIC = b"\x1f\x8b"


class LineStream:
    """Lines of UTF-8 text in windows: what has come when one is full, or when the input pauses.

    Lines end as for `read_lines`. Files, pipes, terminals and devices such as `/dev/stdin` are
    read alike, and gzip is unpacked. No more is held than a window and a chunk of 64 KiB.

    Args:
        file: binary file, read from where it stands.
        origin: str. What errors call it.
        window: int. Most lines of a window.
        inner_cr: bool. Whether a carriage return within a line is text; see `read_lines`.

    Raises:
        CorpusError: while it is read: the text is empty, not UTF-8 (with line and byte), broken
            gzip, or has a line of more than 16 MiB.

    Example:

    >>> stream = LineStream(io.BytesIO("하나\\n둘\\r\\n셋".encode()), "numbers", window=2)
    >>> list(stream)
    [['하나', '둘'], ['셋']]
    """

    def __init__(self, file: Any, origin: str, window: int = 2048, inner_cr: bool = False):
        self.file = file if hasattr(file, "peek") else io.BufferedReader(file)
        self.origin = origin
        self.window = window
        self.inner_cr = inner_cr
        self.lines_read = 0
        self.may_pause = True

    @classmethod
    def open(cls, path: str, window: int = 2048, inner_cr: bool = False) -> Self:
        """Opens a file, a pipe or a device.

        Raises:
            CorpusError: it is missing, a directory, or may not be read.
        """
        if os.path.isdir(path):
            raise CorpusError(f"{path} is a directory: name a file.")
        if not os.path.exists(path):
            raise CorpusError(missing_file_message(path))
        try:
            return cls(open(path, "rb"), path, window, inner_cr)
        except OSError as error:
            raise CorpusError(f"{path} cannot be read: {error.strerror or error}.") from error

    def is_there(self) -> bool:
        """Whether all of it can be read without waiting for who writes it."""
        try:
            return stat.S_ISREG(os.fstat(self.file.fileno()).st_mode)
        except (OSError, ValueError):  # it has no descriptor: it is in memory
            return True

    def reads(self, path: os.PathLike[str]) -> bool:
        """Whether it is that file, by whatever name, which comes."""
        try:
            return os.path.samestat(os.fstat(self.file.fileno()), os.stat(path))
        except (OSError, ValueError):  # there is none
            return False

    def text_bytes(self) -> int | None:
        """How much text there is, or so (a byte of gzip counts as four); `None` if nobody knows."""
        try:
            facts = os.fstat(self.file.fileno())
        except (OSError, ValueError):
            return None
        packed = isinstance(self.file, gzip.GzipFile)
        return facts.st_size * (4 if packed else 1) if stat.S_ISREG(facts.st_mode) else None

    def line_count(self) -> int | None:
        """How many lines a plain file has, as it is now; `None` for what cannot be read twice."""
        if not self.text_bytes() or isinstance(self.file, gzip.GzipFile):
            return None
        file, place, lines, last = self.file.fileno(), 0, 0, b""
        while chunk := os.pread(file, 2**20, place):
            place += len(chunk)
            lines, last = lines + chunk.count(b"\n"), chunk
        return lines + (not last.endswith(b"\n"))

    def __iter__(self) -> Iterator[list[str]]:
        self._unpack()
        lines: list[bytes] = []
        rest, size, since = b"", 0, 0.0
        while True:
            if lines and not self._has_more(since + _PATIENCE - time.monotonic()):
                yield self._decoded(lines)
                lines, size = [], 0
            chunk = self._read()
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise CorpusError(
                    f"{self.origin}, line {self.lines_read + len(lines) + len(whole) + 1} has more "
                    f"than {_LONGEST_LINE:,} bytes: one sentence a line was expected."
                )
            since = since if lines else time.monotonic()
            lines += whole
            size += len(chunk)
            while len(lines) >= self.window or (lines and size > _MOST_BYTES):
                yield self._decoded(lines[: self.window])
                del lines[: self.window]
                size, since = 0, time.monotonic()
        if rest == codecs.BOM_UTF8 and not lines and not self.lines_read:
            rest = b""  # a text of nothing but its mark
        if rest:  # what follows the last line end is not a line
            lines.append(rest)
        if lines:
            yield self._decoded(lines)
        if not self.lines_read and not self.file.isatty():
            raise CorpusError(f"{self.origin} is empty: one sentence a line was expected.")

    def _unpack(self) -> None:
        if self.file.peek(2)[:2] == _GZIP_MAGIC:
            self.file = gzip.GzipFile(fileobj=self.file)
            self.may_pause = False
        elif self.origin.endswith(".gz"):
            raise CorpusError(
                f"{self.origin} is not gzip, though its name ends in .gz. Drop the .gz from its "
                "name, or compress it."
            )

    def _has_more(self, seconds: float) -> bool:
        """Whether something can be read, now or within so many seconds; the end counts, too."""
        if not self.may_pause:
            return True
        try:
            return bool(select.select([self.file], [], [], max(0.0, seconds))[0])
        except (OSError, ValueError):  # no descriptor, or none that can be waited for
            return True

    def _read(self) -> bytes:
        try:
            return self.file.read1(_CHUNK)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise CorpusError(
                f"{self.origin} is broken gzip ({error}) after line {self.lines_read:,}. Download "
                "or compress it again."
            ) from error
        except OSError as error:
            reason = error.strerror or error
            raise CorpusError(f"{self.origin} cannot be read: {reason}.") from error

    def _decoded(self, lines: list[bytes]) -> list[str]:
        first = self.lines_read + 1
        self.lines_read += len(lines)
        data = b"\n".join([*lines, b""])
        return decode_lines(data, self.origin, self.inner_cr, first_line=first)
