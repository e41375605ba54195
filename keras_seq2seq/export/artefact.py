"""The one face of every saved form of a model."""

from __future__ import annotations

import abc
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from keras_seq2seq.atomic_file import FilePath


class Generated(NamedTuple):
    """What an artefact made of a list of texts.

    Attributes:
        texts: list of B strings.
        scores: list of B floats, natural log-probabilities.
        lengths: list of B ints, tokens before EOS.
    """

    texts: list[str]
    scores: list[float]
    lengths: list[int]


class Artefact(abc.ABC):
    """A model as it lies on disk: `.keras`, SavedModel or `.tflite`; strings in, strings out."""

    kind: str
    path: str

    @abc.abstractmethod
    def generate(
        self,
        texts: Sequence[str],
        batch_size: int = 32,
        progress: Callable[[int], object] | None = None,
        **options: Any,
    ) -> Generated:
        """Translates strings, greedily unless options ask for another search.

        Args:
            texts: list of str.
            batch_size: int. How many run at once, where the format allows it.
            progress: callable that is told how many texts are done, or `None`.
            **options: of `SearchOptions`, as far as the format has them; with several results the
                best one counts.

        Returns:
            A `Generated`.

        Raises:
            ExportError: if the artefact was not exported with such a search.
        """

    @abc.abstractmethod
    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        batch_size: int = 32,
        progress: Callable[[int], object] | None = None,
    ) -> list[float]:
        """Judges given targets.

        Args:
            sources, targets: lists of N strings.
            batch_size, progress: as for `generate`.

        Returns:
            list of N floats, natural log-probabilities.

        Raises:
            ExportError: if the format cannot do it.
        """

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """Returns what there is to know as an ordered dict of plain values."""

    def size_bytes(self) -> int:
        """Bytes on disk."""
        return disk_size(self.path)


def disk_size(path: FilePath) -> int:
    """Bytes of a file, or of all files below a directory."""
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)
