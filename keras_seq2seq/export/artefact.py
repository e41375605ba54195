"""The one face of every saved form of a model."""

import abc
import pathlib
from typing import NamedTuple


class Generated(NamedTuple):
    """What an artefact made of a list of texts.

    Attributes:
        texts: list of B strings.
        scores: list of B floats, natural log-probabilities.
        lengths: list of B ints, tokens before EOS.
    """

    texts: list
    scores: list
    lengths: list


class Artefact(abc.ABC):
    """A model as it lies on disk: `.keras`, SavedModel or `.tflite`; strings in, strings out."""

    kind: str
    path: str

    @abc.abstractmethod
    def generate(self, texts, batch_size=32, progress=None, **options):
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
    def score(self, sources, targets, batch_size=32, progress=None):
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
    def describe(self):
        """Returns what there is to know as an ordered dict of plain values."""

    def size_bytes(self):
        """int. Bytes on disk."""
        return disk_size(self.path)


def disk_size(path):
    """Bytes of a file, or of all files below a directory."""
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)
