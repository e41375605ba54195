"""The one face of every saved form of a model."""

import abc
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.text_models.text_inputs import as_texts, as_texts_to_judge, check_batch_size

Texts: TypeAlias = Sequence[str]
Progress: TypeAlias = Callable[[int], object] | None  # is told how many texts are done


class Generated(NamedTuple):
    """What an artefact made of texts, with natural log-probabilities and tokens before EOS."""

    texts: list[str]
    scores: list[float]
    lengths: list[int]


class Artefact(abc.ABC):
    """A model as it lies on disk: `.keras`, SavedModel or `.tflite`; strings in, strings out.

    What comes in is checked here, once for all formats; each has its own `_generate` and, if it
    can, `_score`, which get lists of str.
    """

    kind: str
    path: str

    def generate(
        self, texts: Texts, batch_size: int = 32, progress: Progress = None, **options: Any
    ) -> Generated:
        """Translates strings, greedily unless options ask for another search.

        Args:
            texts: A list of N sources.
            batch_size: How many run at once, where the format allows it.
            progress: Is told how many texts are done.
            **options: Of `SearchOptions`; with several results the best one counts.

        Raises:
            TypeError: Something other than a list of strings came.
            ValueError: An option or `batch_size` is out of range.
            ExportError: The artefact was not exported with such a search.
        """
        check_batch_size(batch_size)
        return self._generate(as_texts(texts), batch_size, progress, **options)

    def score(
        self, sources: Texts, targets: Texts, batch_size: int = 32, progress: Progress = None
    ) -> list[float]:
        """Judges N given targets by their natural log-probabilities.

        Raises:
            TypeError: Something other than lists of strings came.
            ValueError: There are not as many targets as sources, or `batch_size` is below 1.
            ExportError: The format cannot do it.
        """
        check_batch_size(batch_size)
        return self._score(*as_texts_to_judge(sources, targets), batch_size, progress)

    @abc.abstractmethod
    def _generate(
        self, texts: list[str], batch_size: int, progress: Progress, **options: Any
    ) -> Generated:
        """What `generate` does once its texts are checked."""

    def _score(
        self, sources: list[str], targets: list[str], batch_size: int, progress: Progress
    ) -> list[float]:
        """What `score` does once its texts are checked."""
        what = f"{self.path} cannot score given targets"
        raise ExportError(f"{what}: use the .keras file or the SavedModel.")

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """What there is to know, as plain values."""

    def size_bytes(self) -> int:
        """Bytes on disk."""
        return disk_size(self.path)


def disk_size(path: FilePath) -> int:
    """Bytes of a file, or of all files below a directory."""
    path = pathlib.Path(path)
    return sum(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file())
