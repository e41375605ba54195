"""One checkpoint: all that a run needs to go on as if it had never stopped."""

import hashlib
import io
import json
import os
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import numpy as np

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.training.errors import CheckpointError
from keras_seq2seq.training.recovery.progress import Progress

Place: TypeAlias = tuple[int, int]  # (epoch, batch) that comes next, both counted from 0

_MAGIC = b"keras_seq2seq checkpoint 1\n"
_START = len(_MAGIC) + hashlib.sha256().digest_size


@dataclass
class Checkpoint:
    """Arrays and plain data of a run at one moment, in one file with a checksum.

    A file is written under a temporary name, reaches the disk and is renamed, so that a file
    that is there is whole; one that was damaged later is found out by its SHA-256 and never
    loaded.

    Args:
        arrays: The variables.
        state: What JSON can hold: place in the data, callbacks and the like.

    Raises:
        CheckpointError: when read, the file is broken.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where the run goes on."""
        return self.state["epoch"], self.state["batch"]

    @property
    def progress(self) -> Progress:
        """How far the run had come."""
        return Progress.of(self.state)

    def write(self, path: str | os.PathLike) -> None:
        """Writes the file whole, or leaves what was there as it was and raises OSError."""
        buffer = io.BytesIO()
        text = json.dumps(self.state, ensure_ascii=False).encode("utf-8")
        contents: dict[str, Any] = {**self.arrays, "state": np.frombuffer(text, np.uint8)}
        np.savez(buffer, **contents)
        payload = buffer.getbuffer()
        with replacing(path) as temporary, open(temporary, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(payload).digest())
            file.write(payload)

    @classmethod
    def read(cls, path: str | os.PathLike) -> Self:
        """Reads a file after its checksum has been found right."""
        with open(path, "rb") as file:
            data = memoryview(file.read())
        if data[: len(_MAGIC)] != _MAGIC:
            raise CheckpointError(f"{path} is no checkpoint of this version.")
        if hashlib.sha256(data[_START:]).digest() != data[len(_MAGIC) : _START]:
            raise CheckpointError(f"{path} is broken: its checksum is wrong.")
        with np.load(io.BytesIO(data[_START:]), allow_pickle=False) as arrays:
            contents = {name: arrays[name] for name in arrays.files}
        return cls(contents, json.loads(contents.pop("state").tobytes().decode("utf-8")))
