"""The checkpoints of a run on disk: which there are, which are kept."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from keras_seq2seq.atomic_file import remove_leftovers
from keras_seq2seq.training.errors import CheckpointError
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.recovery.checkpoint import Checkpoint, Place

_NAME = re.compile(r"(\d+)-(\d+)(\.timed)?\.ckpt")


class CheckpointStore:
    """A directory of checkpoints, one file each, named after the epoch and batch that come next.

    Kept are the last `keep`, the one behind the best epoch, and the last `keep` that were not
    made by the clock: a run goes back to these after a loss that is not finite, because their
    places depend on nothing but the configuration.

    Args:
        path: The directory; need not exist yet.
        keep: How many, at least 1.
        say: Is given each message for the user.
    """

    def __init__(self, path: str | os.PathLike, keep: int = 2, say: Say = quiet):
        self.path = Path(path)
        self.keep = keep
        self.say = say

    def places(self, timed: bool = True) -> list[Place]:
        """The places of the checkpoints, the latest first; without those made by the clock, too."""
        names = os.listdir(self.path) if self.path.is_dir() else []
        matches = [match for name in names if (match := _NAME.fullmatch(name))]
        return sorted({(int(m[1]), int(m[2])) for m in matches if timed or not m[3]}, reverse=True)

    def newest(self, timed: bool = True) -> Checkpoint | None:
        """The latest checkpoint that can be read; what is broken is told and passed over."""
        return next(self.readable(timed), None)

    def readable(self, timed: bool = True) -> Iterator[Checkpoint]:
        """All checkpoints that can be read, the latest first."""
        for place in self.places(timed):
            for path in self._files(place, timed):
                try:
                    yield Checkpoint.read(path)
                except (CheckpointError, OSError) as error:
                    self.say(f"A checkpoint cannot be read and is passed over: {error}")

    def read(self, place: Place) -> Checkpoint:
        """The checkpoint of a place, one that the clock did not make.

        Raises:
            CheckpointError: it is broken.
            OSError: it cannot be read.
        """
        return Checkpoint.read(self._file(place, timed=False))

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint and removes what is no longer wanted.

        Its state says whether it was made by the clock (`timed`) and which epoch was the best so
        far (`best_epoch`, from 1, or `None`).

        Raises:
            OSError: it cannot be written. The checkpoints that are there stay.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        checkpoint.write(self._file(checkpoint.place, checkpoint.state["timed"]))
        self._tidy(checkpoint.place, checkpoint.state["best_epoch"])

    def clear(self) -> None:
        """Removes all checkpoints."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Removes the halves that a killed process left."""
        remove_leftovers(self.path)

    def _file(self, place: Place, timed: bool) -> Path:
        return self.path / f"{place[0]:05d}-{place[1]:07d}{'.timed' if timed else ''}.ckpt"

    def _files(self, place: Place, timed: bool = True) -> list[Path]:
        paths = [self._file(place, kind) for kind in ((False, True) if timed else (False,))]
        return [path for path in paths if path.exists()]

    def _tidy(self, place: Place, best_epoch: int | None) -> None:
        """What is later than the place belongs to a course that was given up."""
        kept: list[tuple[int | None, int]] = [(best_epoch, 0)]
        for timed in (True, False):
            kept += [other for other in self.places(timed) if other <= place][: self.keep]
        for other in self.places():
            if other not in kept:
                for path in self._files(other):
                    path.unlink(missing_ok=True)
