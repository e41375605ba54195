"""Lines of a UTF-8 text file, plain or gzipped, with errors that name the place."""

import difflib
import gzip
import os
import zlib

from keras_seq2seq.data.corpus_error import CorpusError

_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_lines(path: str) -> list[str]:
    """Lines of a text file, without their line ends.

    Lines end at `\\n` (one `\\r` before it is dropped) and nowhere else: `str.splitlines` would
    cut a sentence at U+2028, U+0085 or a form feed and put a corpus out of step. A leading
    UTF-8 byte order mark is dropped.

    Raises:
        CorpusError: the file is missing, is not a regular file, cannot be read, is broken gzip,
            is not UTF-8 (with line and byte) or is empty.
    """
    return decode_lines(_read_bytes(path), path)


def decode_lines(data: bytes, origin: str) -> list[str]:
    """Lines of UTF-8 bytes, as `read_lines` gives those of a file; errors name the origin."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(_bad_utf8_message(origin, data, error.start)) from None
    text = text.removeprefix("\ufeff")
    if not text:
        raise CorpusError(f"{origin} is empty: one sentence a line was expected.")
    lines = text.split("\n")
    if not lines[-1]:  # what follows the last line end is not a line
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


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
    if data.startswith(_GZIP_MAGIC):
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise CorpusError(
                f"{path} is broken gzip ({error}). Download or compress it again."
            ) from error
    if data and path.endswith(".gz"):
        raise CorpusError(
            f"{path} is not gzip, though its name ends in .gz. Drop the .gz from its name, or "
            "compress it."
        )
    return data


def _bad_utf8_message(path: str, data: bytes, offset: int) -> str:
    if data.startswith(_UTF16_MARKS):
        return f"{path} is UTF-16. Convert it to UTF-8: iconv -f UTF-16 -t UTF-8."
    line = data.count(b"\n", 0, offset) + 1
    column = offset - data.rfind(b"\n", 0, offset)  # rfind gives -1 on the first line
    return (
        f"{path}, line {line}: byte {column} of the line (0x{data[offset]:02x}, offset {offset} "
        "in the file) is not UTF-8. Convert the file to UTF-8, for instance with iconv."
    )
