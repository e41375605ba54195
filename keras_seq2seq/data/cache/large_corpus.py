"""A corpus that stays on disk."""

import functools
import hashlib
import json
import os
from dataclasses import dataclass

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_spec import corpus_files, phrasebook_split
from keras_seq2seq.file_hashes import sha256_of

LARGE = 256 * 2**20  # bytes of text; in memory they take some ten times as much
_PACKED = 4  # how many bytes of text a byte of gzip is, or so
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class LargeCorpus:
    """The files of a corpus whose pairs are read when they are needed, and never all at once.

    Args:
        origin: The corpus spec; see `read_pairs`.
        columns: Those of source and target.
        holds_out: Whether pairs are taken out of it to validate on, as by `hold_out`.

    Raises:
        CorpusError: a file is missing.

    Example:

    ```python
    corpus = LargeCorpus("corpus/*.tsv.gz", columns=(2, 1))
    ```
    """

    origin: str
    columns: tuple[int, int] = (1, 2)
    holds_out: bool = False

    def __post_init__(self):
        _ = self.files  # or an error, now

    @functools.cached_property
    def files(self) -> list[tuple[str, ...]]:
        """One file or two that belong together, in reading order."""
        return corpus_files(self.origin)

    @property
    def bytes(self) -> int:
        """Bytes on disk."""
        return sum(os.path.getsize(path) for group in self.files for path in group)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content of all files, and of how they are read."""
        _ = self._stamps  # of the time before
        contents = [[sha256_of(path) for path in group] for group in self.files]
        facts = [contents, list(self.columns), self.holds_out]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    @functools.cached_property
    def _stamps(self) -> dict[str, tuple[int, int]]:
        return {path: _stamp(path) for group in self.files for path in group}

    def refuse_changes(self) -> None:
        """Complains where a file is not any more what `fingerprint` stands for.

        Raises:
            CorpusError: it was written to.
        """
        for path, stamp in self._stamps.items():
            if _stamp(path) != stamp:
                raise CorpusError(
                    f"{path} was written to while it was read. Start again when it stays as it is."
                )


def is_large(spec: str) -> bool:
    """Whether a corpus has too much text to be held in memory without need."""
    if phrasebook_split(spec) is not None:
        return False
    return sum(_text_bytes(path) for group in corpus_files(spec) for path in group) > LARGE


def _stamp(path: str) -> tuple[int, int]:
    """Size and time of a file's last change, in ns."""
    facts = os.stat(path)
    return facts.st_size, facts.st_mtime_ns


def _text_bytes(path: str) -> int:
    if not os.path.isfile(path):
        return 0
    with open(path, "rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
    return os.path.getsize(path) * (_PACKED if packed else 1)
