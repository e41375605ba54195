"""Lines of a UTF-8 text file, plain or gzipped, with errors that name the place."""

import difflib
import gzip
import os
import zlib

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.file_formats import foreign_format

_GZIP_MAGIC = b"\x1f\x8b"
_MARK = "\ufeff"  # the byte order mark


def read_lines(path: str, inner_cr: bool = False) -> list[str]:
    """Lines of a text file, without their line ends.

    Lines end at `\\n` (`\\r` before it is dropped) and nowhere else: `str.splitlines` would
    cut a sentence at U+2028, U+0085 or a form feed and put a corpus out of step. A UTF-8 byte
    order mark is dropped at the beginning of any line: files that were joined have several.

    Args:
        path: A file, plain or gzipped.
        inner_cr: Whether `\\r` within a line is text. Else it is refused: it may be the line end
            of an old program, and what follows another line.

    Raises:
        CorpusError: the file is missing, is not a regular file, cannot be read, is broken gzip,
            is not UTF-8 (with line and byte, or what it is instead), holds NUL or a line end that
            is CR alone, or is empty.
    """
    return decode_lines(_read_bytes(path), path, inner_cr)


def decode_lines(
    data: bytes, origin: str, inner_cr: bool = False, first_line: int = 1
) -> list[str]:
    """Lines of bytes, as `read_lines` gives those of a file; errors name the origin.

    What the whole is, shows at its beginning: a part from a later `first_line` on is text.
    """
    begins = first_line == 1
    if begins and data.startswith(_GZIP_MAGIC):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise CorpusError(
                f"{origin} is broken gzip ({error}). Download or compress it again."
            ) from error
    if begins and (kind := foreign_format(data)):
        raise CorpusError(f"{origin} {kind}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{_place(origin, data, error.start, first_line)} is not UTF-8. Convert the file to "
            "UTF-8, for instance with iconv."
        ) from None
    if (nul := data.find(0)) >= 0:
        raise CorpusError(
            f"{_place(origin, data, nul, first_line)} is NUL, which text does not hold. Look at "
            "what made the file, or take the NULs out: tr -d '\\000'."
        )
    if text in ("", _MARK):
        raise CorpusError(f"{origin} is empty: one sentence a line was expected.")
    lines = [line.rstrip("\r").removeprefix(_MARK) for line in text.split("\n")]
    if text.endswith("\n"):  # what follows the last line end is not a line
        lines.pop()
    if "\r" in text and (not inner_cr or "\n" not in text):
        refuse_inner_cr(lines, origin, first_line)
    return lines


def refuse_inner_cr(lines: list[str], origin: str, first_line: int) -> None:
    """Raises where a line has a carriage return in it, with its place."""
    for number, line in enumerate(lines, start=first_line):
        if "\r" in line:
            raise CorpusError(
                f"{origin}, line {number}: byte {len(line.partition(chr(13))[0].encode()) + 1} of "
                "the line is a carriage return (CR) without a line feed. Where it ends a line, as "
                "in files of old programs, write a line feed: sed 's/\\r$//' | tr '\\r' '\\n'. "
                "Where it does not, take it out: tr -d '\\r'."
            )


def _place(origin: str, data: bytes, offset: int, first_line: int) -> str:
    line = data.count(b"\n", 0, offset) + first_line
    column = offset - data.rfind(b"\n", 0, offset)  # rfind gives -1 on the first line
    within = f", offset {offset} in the file" if first_line == 1 else ""
    return f"{origin}, line {line}: byte {column} of the line (0x{data[offset]:02x}{within})"


def missing_file_message(path: str) -> str:
    """Says that a file is missing and which existing one has the nearest name."""
    directory, name = os.path.split(path)
    directory = directory or "."
    if not os.path.isdir(directory):
        return f"There is no file {path}: the directory {directory} does not exist."
    try:
        names = os.listdir(directory)
    except OSError:
        names = []
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {os.path.join(directory, nearest[0])}?" if nearest else ""
    return f"There is no file {path}.{hint}"


def _read_bytes(path: str) -> bytes:
    if os.path.isdir(path):
        raise CorpusError(
            f'{path} is a directory. Name its files, for instance "{os.path.join(path, "*.tsv")}".'
        )
    if not os.path.exists(path):
        raise CorpusError(missing_file_message(path))
    if not os.path.isfile(path):  # a device could deliver bytes for ever
        raise CorpusError(f"{path} is not a regular file: save its text to a file first.")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data and path.endswith(".gz") and not data.startswith(_GZIP_MAGIC):
        raise CorpusError(
            f"{path} is not gzip, though its name ends in .gz. Drop the .gz from its name, or "
            "compress it."
        )
    return data
