"""Results of a long translation in a file that goes on where it was broken off."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from keras_seq2seq.atomic_file import replacing, to_disk
from keras_seq2seq.file_hashes import sha256_of


class ResultsFile:
    """A file that grows window by window, and beside it, in `<file>.progress`, how far it has come.

    Whatever breaks a command off, the next one with the same model, options and input cuts off
    what was written after the last whole window, passes over the lines that are done, and goes
    on; the file ends as if nothing had happened. When all is done `<file>.progress` is gone. What
    fails before its first window leaves the file as it was.

    Args:
        path: where the results go.
        facts: what they depend on beside the lines: plain data.
        overwrite: whether a file that is there, done or begun, is replaced.

    Raises:
        ValueError: the file is there already, or was begun with other facts; while lines are
            passed over, if they are not those that the file was begun with.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any], overwrite: bool = False):
        self.path, self.facts = path, dict(facts)
        self.progress = path.with_name(f"{path.name}.progress")
        self.overwrite = overwrite
        self.done = 0  # lines of the input
        self._digest = hashlib.sha256()
        self._expected: str | None = None

    def __enter__(self) -> Self:
        if self.path.is_dir():
            raise ValueError(f"--output {self.path} is a directory; a file is expected.")
        if not self.path.parent.is_dir():
            raise ValueError(f"--output {self.path}: {self.path.parent} is no directory.")
        self.is_new = not self.path.exists()
        if not self.is_new and not self.path.is_file():
            raise ValueError(
                f"--output {self.path} is a device or a pipe, where nothing can be gone on with: "
                f"leave --output out, and write > {self.path} at the end."
            )
        self.file = open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            self._begin()
        except BaseException:
            self.file.close()
            raise
        return self

    def _begin(self) -> None:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until it is closed
            if not os.path.samestat(os.fstat(self.file.fileno()), os.stat(self.path)):
                raise FileNotFoundError  # another one has just failed, and removed it
        except OSError:
            raise ValueError(f"{self.path} is being written by another process.") from None
        known = None if self.overwrite else self._read_progress()
        now = os.fstat(self.file.fileno()).st_size
        if known is None and now and not self.overwrite:
            raise ValueError(
                f"{self.path} is there already. --overwrite replaces it; another name keeps it."
            )
        if known is None:
            return
        size, self.done, self._expected = (known[name] for name in ("bytes", "lines", "sha256"))
        if size > now:
            raise ValueError(
                f"{self.path} is shorter than {self.progress} says. Remove both, or --overwrite."
            )
        self.file.truncate(size)
        self.file.seek(size)

    def _read_progress(self) -> dict[str, Any] | None:
        try:
            known = json.loads(self.progress.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            known = None
        kinds = {"lines": int, "bytes": int, "sha256": str, "facts": dict}
        if not isinstance(known, dict) or any(
            type(known.get(name)) is not kind for name, kind in kinds.items()
        ):
            raise ValueError(
                f"{self.progress} is broken. Remove it and {self.path}, or --overwrite."
            )
        facts = known["facts"]
        if facts != json.loads(json.dumps(self.facts)):
            raise ValueError(
                f"{self.path} was begun with other {_differing(facts, self.facts)}. Go on as it "
                "was begun, or --overwrite."
            )
        return known

    def still_to_do(self, windows: Iterator[Sequence[str]]) -> Iterator[list[str]]:
        """The lines that are not done, in windows."""
        missing = self.done
        for lines in windows:
            if missing:
                passed, lines = lines[:missing], lines[missing:]
                missing -= len(passed)
                self._take(passed)
                if not missing and self._digest.hexdigest() != self._expected:
                    raise ValueError(f"{self.path} was begun with other lines. --overwrite it.")
            if lines:
                yield list(lines)
        if missing:
            raise ValueError(
                f"{self.path} has results of {self.done:,} lines, but there are only "
                f"{self.done - missing:,} now. --overwrite it."
            )

    def write(self, lines: Sequence[str], text: str) -> None:
        """Keeps the results of a window."""
        if not self.done:  # whatever lay there is replaced now
            self.progress.unlink(missing_ok=True)
            self.file.truncate(0)
            self._keep()  # who is killed from now on can go on
        self.file.write(text.encode("utf-8"))
        self.file.flush()
        self._take(lines)
        self.done += len(lines)
        self._keep()

    def _take(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._digest.update(line.encode("utf-8", "surrogatepass") + b"\n")

    def _keep(self) -> None:
        os.fsync(self.file.fileno())  # no progress without its results
        known = {"lines": self.done, "bytes": self.file.tell(), "facts": self.facts}
        with replacing(self.progress) as temporary:
            text = json.dumps({**known, "sha256": self._digest.hexdigest()}, indent=1)
            temporary.write_text(text + "\n", "utf-8")

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.progress.unlink(missing_ok=True)
            to_disk(self.path.absolute().parent)
        elif self.is_new and not self.done:
            for path in (self.path, self.progress):
                path.unlink(missing_ok=True)
        self.file.close()


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What of two kinds of facts differs; of options, which."""
    found = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    names = []
    for name in found:
        ours, theirs = now.get(name), before.get(name)
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            keys = (k for k in sorted({*ours, *theirs}) if ours.get(k) != theirs.get(k))
            names += [f"--{key.replace('_', '-')}" for key in keys]
        else:
            names.append(name)
    return " and ".join(names)


def fingerprint_of(path: Path) -> str:
    """What tells a model from others: a SHA-256 of its file, or of all files of its directory."""
    if (path / "model.keras").is_file():  # a run, in which other files come and go
        path = path / "model.keras"
    if path.is_file():
        return sha256_of(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    found = [f"{file.relative_to(path)} {sha256_of(file)}" for file in files]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()
