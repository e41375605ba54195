"""The directory of a run for those who do not write."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from keras_seq2seq.training.run_directory import RunDirectory


class FollowedRun(RunDirectory):
    """A run directory that the chief fills: this process reads it and leaves nothing in it.

    What is written goes to a temporary file that is dropped.
    """

    def create(self) -> Self:
        return self

    @contextlib.contextmanager
    def locked(self, at: Path | None = None) -> Iterator[None]:
        yield

    def remove_beginnings(self) -> None:
        pass

    def remove_leftovers(self) -> None:
        pass

    def expect(self, name: str, content: Path) -> None:
        pass

    @contextlib.contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / name
