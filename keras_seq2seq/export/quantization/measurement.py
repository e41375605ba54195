"""Runs files of several formats beside each other."""

import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from keras_seq2seq.export.export_error import ExportError

_PROGRAM = pathlib.Path(__file__).with_name("peak_memory.py")
_WARM_UP = 2  # sentences
_OF_MEMORY = 5


class Measured(NamedTuple):
    """What a file gave, and took.

    Attributes:
        ids: tokens of each source, without EOS.
        milliseconds: median time of one CPU for a sentence.
        peak_bytes: memory beyond that of Python and LiteRT.
    """

    ids: list[list[int]]
    milliseconds: float
    peak_bytes: int


def measure(
    files: Mapping[str, bytes],
    sources: Sequence[Sequence[int]],
    progress: Callable[[int], object] | None = None,
) -> dict[str, Measured]:
    """Translates all sources with all files; the files take turns, so that all have the same luck.

    Args:
        files: by name.
        sources: N lists of S ids.
        progress: is told how many sources are done.
    """
    opened = {name: _open(content) for name, content in files.items()}
    for ids in sources[:_WARM_UP]:
        for translate in opened.values():
            translate(ids=np.array([ids], "int32"))
    found = {name: ([], []) for name in files}
    names = list(files)
    for number, source in enumerate(sources):
        ids = np.array([source], "int32")
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = time.thread_time()
            result = opened[name](ids=ids)
            tokens, times = found[name]
            times.append(time.thread_time() - start)
            tokens.append(result["ids"][0, : int(result["length"][0])].tolist())
        if progress:
            progress(number + 1)
    return {
        name: Measured(tokens, 1000 * float(np.median(times)), _peak(files[name], sources))
        for name, (tokens, times) in found.items()
    }


def tokens_changed(ours: Sequence[Sequence[int]], theirs: Sequence[Sequence[int]]) -> float:
    """Percentage of tokens to insert, drop or replace to make `ours` of `theirs`.

    >>> tokens_changed([[5, 6, 7, 8]], [[5, 7, 8, 9]])
    50.0
    """
    edits = sum(_edits(a, b) for a, b in zip(ours, theirs, strict=True))
    return 100.0 * edits / max(1, sum(map(len, theirs)))


def _edits(a: Sequence[int], b: Sequence[int]) -> int:
    if a == b:
        return 0
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def _open(content: bytes) -> Any:
    return Interpreter(model_content=content, num_threads=1).get_signature_runner("translate")


def _peak(content: bytes, sources: Sequence[Sequence[int]]) -> int:
    longest = sorted(map(list, sources), key=lambda ids: ids.count(0))[:_OF_MEMORY]
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, "model.tflite")
        file.write_bytes(content)
        done = subprocess.run(
            [sys.executable, _PROGRAM, file], input=str(longest), capture_output=True, text=True
        )
    if done.returncode:
        raise ExportError(f"the file cannot be run by itself: {done.stderr.strip()[-300:]}")
    return int(done.stdout)
