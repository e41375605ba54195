"""The directory of a run: what lies where, and how it is written."""

import contextlib
import fcntl
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from keras_seq2seq.atomic_file import remove_leftovers, replacing
from keras_seq2seq.training.errors import TrainingError

_LOCK = ".lock"
_SECTIONS = {"data", "text", "model", "training"}


class RunDirectory:
    """One directory with all that a run leaves behind.

    ```
    config.toml             the resolved configuration; marks the directory as a run
    source_vocabulary.json  what the tokenizers have learnt
    target_vocabulary.json
    data_report.json        what was read, kept and dropped
    data_fingerprint.json   files, and a hash of the pairs that were read
    versions.json           of Python and the libraries; platform
    metrics.csv             one row an epoch
    logs/                   for TensorBoard
    checkpoints/            what a run needs to go on
    bad_batches.json        batches whose loss was not finite, if there were any
    model.keras             the trained model
    training_summary.json   what the run came to; marks it as finished
    ```

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
        self.source_vocabulary = self.path / "source_vocabulary.json"
        self.target_vocabulary = self.path / "target_vocabulary.json"
        self.data_fingerprint = self.path / "data_fingerprint.json"
        self.versions = self.path / "versions.json"
        self.checkpoints = self.path / "checkpoints"
        self.bad_batches = self.path / "bad_batches.json"
        self.summary = self.path / "training_summary.json"

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
        """Whether the directory holds a run, told by its `config.toml`."""
        try:
            return tomllib.loads(self.config.read_text("utf-8")).keys() >= _SECTIONS
        except (OSError, ValueError, RecursionError):
            return False

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
            names = sorted(set(os.listdir(self.path)) - {_LOCK})
        except (OSError, ValueError) as error:
            raise ValueError(
                f"The run directory {self.path} cannot be created: {error}. Choose another."
            ) from error
        if names and not self.is_run:
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
    def locked(self) -> Iterator[None]:
        """Keeps other processes from training the same run at the same time.

        The system gives the lock up when a process ends, even if it is killed.

        Raises:
            ValueError: another process holds the lock.
        """
        path = self.path / _LOCK
        with open(path, "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f"Another process is training {self.path}. Wait until it ends, or stop it: "
                    "what it saved can be resumed."
                ) from None
            except OSError:  # a file system that knows no locks
                pass
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def check_unfinished(self) -> None:
        """Raises ValueError where the run has come to its end."""
        if self.summary.exists():
            raise ValueError(
                f"The run {self.path} is finished; its model is {self.model}. To train longer, "
                "start a new run with more training.epochs."
            )

    def remove_beginnings(self) -> None:
        """Removes what a run writes before it trains, and the directory if nothing else is left."""
        self.remove_leftovers()
        vocabularies = (self.source_vocabulary, self.target_vocabulary)
        facts = (self.config, self.data_report, self.data_fingerprint, self.versions)
        for path in (*vocabularies, *facts):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def remove_leftovers(self) -> None:
        """Removes the halves of files that a killed process left."""
        remove_leftovers(self.path)

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
