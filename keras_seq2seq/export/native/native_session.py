"""A SavedModel in a process of its own, run by TensorFlow's C library."""

import contextlib
import os
import pathlib
import re
import select
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native import messages
from keras_seq2seq.export.native.load_report import LoadReport
from keras_seq2seq.export.native.native_error import NativeError
from keras_seq2seq.export.native.program import installed, libraries_of, operators_of, program
from keras_seq2seq.export.saved_model_artefact import find_version

_NOISE = re.compile(r"[IW]\d{4} |WARNING: All log messages")  # of TensorFlow as it starts
Request = tuple[str, Mapping[str, Any]]  # a signature and its inputs


class NativeSession:
    """Answers requests as the session within TensorFlow Serving does: in C++, without Python.

    A small C program opens the libraries of a TensorFlow wheel, turns XLA off as a stock server
    does, loads the operators of tensorflow-text and the SavedModel, and answers over a pipe. Only
    NumPy is needed here, so that the wheels may be of any version and for any Python.

    Args:
        path: A version directory, or its parent, whose largest version is taken.
        tensorflow: The package `tensorflow` of an unpacked wheel; by default the installed one.
        tensorflow_text: The package `tensorflow_text` that fits it; by default the installed one.
        preload: Libraries to be opened before.
        threads: Threads within an operator, and between operators; 0 for TensorFlow's choice.
        xla: Whether XLA stays on.
        patience: Seconds to wait for one reply.

    Attributes:
        version: str. TensorFlow's, as its library tells it.
        signatures: dict. `inputs` and `outputs` of each signature; of each of these the `dtype`,
            and the `shape`, -1 for any size (`None` for any rank), as in the manifest.

    Raises:
        ExportError: There is no C compiler, no TensorFlow, or the process ended.
        NativeError: TensorFlow cannot load the model.

    Example:

    ```python
    with NativeSession("served/ko_en") as session:
        session.run("serving_default", text=["안녕하세요."])["text"]  # object array of bytes, [1]
    ```
    """

    def __init__(
        self,
        path: FilePath,
        *,
        tensorflow: FilePath | None = None,
        tensorflow_text: FilePath | None = None,
        preload: Sequence[FilePath] = (),
        threads: int = 0,
        xla: bool = False,
        patience: float = 600,
    ):
        self.patience = patience
        framework = pathlib.Path(tensorflow or installed("tensorflow"))
        text = pathlib.Path(tensorflow_text or installed("tensorflow_text"))
        command = [str(program()), "-t", str(threads), *(["-x"] if xla else [])]
        for library in (*preload, *libraries_of(framework)):
            command += ["-L", os.fspath(library)]
        for library in operators_of(text):
            command += ["-l", os.fspath(library)]
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*command, str(find_version(path))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=quiet,
        )
        try:
            reply = self._reply()
            self.loaded_in = reply.number() / 1e9
            reply.number()
            self.version = reply.text()
            self.signatures = dict(_signature(reply) for _ in range(reply.number()))
        except BaseException:
            self.close()
            raise

    def run(
        self,
        signature: str,
        outputs: Iterable[str] | None = None,
        timeout: float = 0,
        **inputs: Any,
    ) -> dict[str, np.ndarray]:
        """Runs a signature on arrays, or lists, for all outputs or for those named.

        Nothing is checked here that the session would check: a wrong shape or dtype goes there.

        Args:
            signature: Its name.
            outputs: Names of the outputs wanted, or `None` for all.
            timeout: Seconds after which TensorFlow gives up; 0 for never.
            **inputs: Arrays; texts as str or bytes.

        Raises:
            NativeError: TensorFlow refused or failed; the session goes on.
        """
        arrays = self._arrays(signature, inputs)
        self._send(messages.request(signature, arrays, outputs, round(timeout * 1000)))
        reply = self._reply()
        reply.number()
        return reply.tensors()

    def load(
        self,
        requests: Sequence[Request],
        *,
        threads: int,
        seconds: float = 0,
        runs: int = 0,
        expected: Sequence[Mapping[str, np.ndarray]] | None = None,
        tolerance: float = 1e-4,
    ) -> LoadReport:
        """Threads of the process send requests, one after another, round and round.

        Args:
            requests: Pairs of a signature and its inputs, for all outputs.
            threads: How many requests are on their way at any time.
            seconds: How long; 0 for as long as `runs` take.
            runs: How many requests; 0 for as many as the time allows.
            expected: The outputs of each; by default what each gives alone.
            tolerance: Difference allowed for a float, of 1 plus its size.
        """
        if not requests or not (seconds or runs):
            raise ValueError("`load` needs requests, and `seconds` or `runs`.")
        pairs = []
        for i, (signature, inputs) in enumerate(requests):
            pairs.append(messages.request(signature, self._arrays(signature, inputs)))
            pairs.append(messages.reply(expected[i]) if expected is not None else b"")
        head = [2, threads, round(seconds * 1000), runs]
        parts = [*map(messages.number, head), np.float64(tolerance).tobytes()]
        parts += [messages.number(len(requests)), *map(messages.string, pairs)]
        self._send(b"".join(parts))
        reply = self._reply(seconds)
        took = reply.number() / 1e9
        reply.number()
        milliseconds, memory = reply.numbers() / 1e6, reply.numbers().reshape(-1, 2) * [1e-9, 1]
        errors, wrong, first = reply.number(), reply.number(), messages.Message(reply.string())
        said = ""
        if errors or wrong:
            said = str(NativeError(code, first.text())) if (code := first.number()) else "an answer"
            if not code:
                first.number()
                said = f"another answer: {first.tensors()}"
        return LoadReport(took, milliseconds, memory, errors, wrong, said)

    def memory(self) -> int:
        """Resident bytes of the process."""
        pages = pathlib.Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """Ends the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _arrays(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Lists become arrays of the dtype that the signature names; arrays stay what they are."""
        known = self.signatures.get(signature, {}).get("inputs", {})
        arrays = {}
        for name, rows in inputs.items():
            if not isinstance(rows, np.ndarray):
                kind = known.get(name, {}).get("dtype")
                rows = np.array(rows, object if kind == "string" else kind)
            arrays[name] = rows
        return arrays

    def _send(self, request: bytes) -> None:
        pipe: Any = self._process.stdin
        try:
            pipe.write(messages.number(len(request)))
            pipe.write(request)
            pipe.flush()
        except OSError:
            raise self._ended() from None

    def _reply(self, longer: float = 0) -> messages.Message:
        end = time.monotonic() + self.patience + longer
        size = messages.Message(self._read(8, end)).number()
        reply = messages.Message(self._read(size, end))
        if code := reply.number():
            raise NativeError(code, reply.text())
        return reply

    def _read(self, size: int, end: float) -> bytes:
        pipe: Any = self._process.stdout
        parts = []
        while size:
            if not select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
                self._process.kill()
                raise ExportError(f"The native session gave no answer in {self.patience:g} s.")
            parts.append(os.read(pipe.fileno(), min(size, 2**20)))
            if not parts[-1]:
                raise self._ended()
            size -= len(parts[-1])
        return b"".join(parts)

    def _ended(self) -> ExportError:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        said = "\n".join(line for line in lines if not _NOISE.match(line))[-2000:] or "no word"
        return ExportError(
            f"The native session ended with status {self._process.returncode}: {said}"
        )


def _signature(reply: messages.Message) -> tuple[str, dict[str, Any]]:
    name, found = reply.text(), {}
    for side in ("inputs", "outputs"):
        found[side] = {}
        for _ in range(reply.number()):
            tensor, kind, rank = reply.text(), reply.number(), reply.number()
            shape = None if rank < 0 else [reply.number() for _ in range(rank)]
            found[side][tensor] = {"dtype": messages.dtype_name(kind), "shape": shape}
    return name, found
