"""The directory of a run: what lies where, and how it is written."""

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from keras_seq2seq.atomic_file import is_leftover, remove_leftovers, replacing
from keras_seq2seq.file_hashes import HASHES, expect_file
from keras_seq2seq.file_lock import LOCK, owned
from keras_seq2seq.training.configuration.config_file import read_toml
from keras_seq2seq.training.errors import TrainingError

_SECTIONS = {"data", "text", "model", "training"}
_OF_COMMANDS = {"summary.json", "saved_model", "model.tflite", "model.tflite.json", "curves.png"}
_REPORT = {"errors.md", "errors.json", "errors.png"}


class RunDirectory:
    """One directory with all that a run leaves behind.

    ```
    config.toml             the resolved configuration; marks the directory as a run
    source_vocabulary.json  what the tokenizers have learnt
    target_vocabulary.json
    initial_model.keras     the model that the run began with, if one was given to it
    file_hashes.json        SHA-256 of vocabularies and models: whether they are still the run's
    data_report.json        what was read, kept and dropped; lengths, unknown tokens, overlap
    data_fingerprint.json   files, and a hash of the pairs that were read or held out
    versions.json           of Python and the libraries; platform
    metrics.csv             one row an epoch
    logs/                   for TensorBoard
    checkpoints/            what a run needs to go on
    bad_batches.json        batches whose loss was not finite, if there were any
    model.keras             the trained model
    training_summary.json   what the run came to; marks it as finished
    ```

    The ids of a corpus that is too large for memory lie beside it, in `token_cache`.

    Files of worth are written under a temporary name in the same directory and renamed, so a
    file that is there is whole.

    Args:
        path: The directory; need not exist yet.

    Example:

    ```python
    run = RunDirectory("runs/first").create()
    with run.replacing("model.keras") as temporary:
        model.save(temporary)
    ```
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.config = self.path / "config.toml"
        self.data_report = self.path / "data_report.json"
        self.metrics = self.path / "metrics.csv"
        self.logs = self.path / "logs"
        self.model = self.path / "model.keras"
        self.initial_model = self.path / "initial_model.keras"
        self.file_hashes = self.path / HASHES
        self.source_vocabulary = self.path / "source_vocabulary.json"
        self.target_vocabulary = self.path / "target_vocabulary.json"
        self.data_fingerprint = self.path / "data_fingerprint.json"
        self.versions = self.path / "versions.json"
        self.checkpoints = self.path / "checkpoints"
        self.bad_batches = self.path / "bad_batches.json"
        self.summary = self.path / "training_summary.json"
        self._owner: int | None = None  # the thread that holds the lock

    def __repr__(self) -> str:
        return f"RunDirectory({str(self.path)!r})"

    @classmethod
    def new(cls, root: str | os.PathLike = "runs", now: datetime | None = None) -> Self:
        """Creates a run directory of its own, `<root>/<date>_<time>`."""
        name = f"{now or datetime.now():%Y-%m-%d_%H-%M-%S}"
        run, number = cls(Path(root) / name), 1
        while os.path.lexists(run.path):  # another run began in the same second
            number += 1
            run = cls(Path(root) / f"{name}-{number}")
        return run.create()

    @property
    def is_run(self) -> bool:
        """Whether the directory holds a run, told by its `config.toml`.

        One that lies among other files, where nothing else is of a run, was put there by somebody.
        """
        try:
            if not read_toml(str(self.config)).keys() >= _SECTIONS:
                return False
        except ValueError:  # of which ConfigError is one
            return False
        facts = (self.versions, self.checkpoints, self.model, self.summary, self.data_fingerprint)
        return any(path.exists() for path in facts) or not self.strangers()

    def strangers(self) -> list[str]:
        """Names in the directory of what neither runs nor the commands that use them write."""
        paths = [path for path in vars(self).values() if isinstance(path, Path)]
        own = {path.name for path in paths if path != self.path} | {LOCK} | _OF_COMMANDS
        try:
            names = sorted(os.listdir(self.path))
        except OSError:
            return []
        others = [name for name in names if name not in own and not is_leftover(name)]
        return [name for name in others if not _is_report(self.path / name)]

    def create(self) -> Self:
        """Creates the directory if need be and makes sure that it may be filled.

        A run that is there already is left as it is. Returns the run directory itself.

        Raises:
            ValueError: it is a file, holds something other than a run, or is not writable.
        """
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise ValueError(f"{self.path} is a file, but a run needs a directory: choose another.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            begun = {LOCK, self.initial_model.name}  # what comes before the configuration
            names = sorted({n for n in os.listdir(self.path) if not is_leftover(n)} - begun)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"The run directory {self.path} cannot be created: {error}. Choose another."
            ) from error
        if names and not self.is_run:
            if os.path.lexists(self.path / LOCK):
                with self.locked():  # or another process is just making it one
                    pass
            raise ValueError(
                f"{self.path} holds other files ({', '.join(names[:3])}"
                f"{', ...' if len(names) > 3 else ''}) and no run. Choose an empty or a new "
                "directory."
            )
        try:
            probe = self.path / f".{os.getpid()}.probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ValueError(
                f"The run directory {self.path} is not writable: {error}. "
                "Choose another, or change its permissions."
            ) from error
        return self

    def write_text(self, name: str, text: str) -> Path:
        """Writes a UTF-8 text file into the directory, whole or not at all; returns its path."""
        with self.replacing(name) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
        return self.path / name

    def write_json(self, name: str, value: Any) -> Path:
        """`write_text` of plain data."""
        return self.write_text(name, json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    @contextlib.contextmanager
    def locked(self, at: Path | None = None) -> Iterator[None]:
        """Keeps others from training the same run, or replacing it, at the same time.

        Whoever holds the lock by this object may take it again, in the same thread. The system
        gives it up when a process ends, even if it is killed.

        Args:
            at: Another path of the same directory, before it is renamed.

        Raises:
            ValueError: another one holds the lock, or there can be none.
        """
        if self._owner == threading.get_ident():
            yield
            return
        with owned(at or self.path, "training", ": what it saved can be resumed"):
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None

    def remove_beginnings(self) -> None:
        """Removes what a run writes before it trains, and the directory if nothing else is left."""
        self.remove_leftovers()
        vocabularies = (self.source_vocabulary, self.target_vocabulary)
        facts = (self.data_report, self.data_fingerprint, self.versions, self.file_hashes)
        for path in (*vocabularies, *facts, self.initial_model, self.config):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def remove_leftovers(self) -> None:
        """Removes the halves of files that a killed process left."""
        remove_leftovers(self.path)

    def expect(self, name: str, content: Path) -> None:
        """Writes down that a file is about to get the content of another; see `expect_file`."""
        expect_file(self.path, name, content)

    def replacing(self, name: str) -> AbstractContextManager[Path]:
        """Gives a temporary path beside `name`, and renames it to `name` when all went well."""
        return replacing(self.path / name)

    @contextlib.contextmanager
    def replacing_for_sure(self, name: str) -> Iterator[Path]:
        """`replacing` of what a run cannot do without.

        Raises:
            TrainingError: it cannot be written.
        """
        try:
            with self.replacing(name) as temporary:
                yield temporary
        except OSError as error:
            raise TrainingError(
                f"{self.path / name} cannot be written: {error}. Make room, then resume with: "
                f"keras-seq2seq train --resume {self.path}"
            ) from error


def _is_report(path: Path) -> bool:
    """Whether a directory is one that `evaluate --report` wrote, and nothing else."""
    names = set(os.listdir(path)) if path.is_dir() and not path.is_symlink() else set()
    return bool(names) and names <= _REPORT
