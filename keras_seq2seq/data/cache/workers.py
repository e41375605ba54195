"""Several processes that do the same to many things."""

import collections
import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from keras_seq2seq.data.corpus_error import CorpusError

_MOST = 8  # processes that one process can feed
_PROGRAM = "from keras_seq2seq.data.cache.workers import serve; serve()"


class Workers:
    """Processes that apply a function to items, whose results come in the order of the items.

    They are new processes that import no more than the function needs: neither is the state of
    TensorFlow forked, nor need the script of the user be guarded against being imported. They end
    with the one that started them, however that ends.

    Args:
        count: How many; 0 does the work in this process.
        make: A function of a module that makes the function, once in each process.
        *arguments: What it is called with.

    Raises:
        CorpusError: the function raised it.
        RuntimeError: a process failed otherwise, or was ended.

    Example:

    ```python
    with Workers(2, make_scanner, (1, 2)) as workers:
        for found in workers.map(chunks):
            ...
    ```
    """

    def __init__(self, count: int, make: Callable[..., Callable[[Any], Any]], *arguments: Any):
        self.count = count
        self._first = pickle.dumps((make, arguments)) if count else b""
        self._inline = None if count else make(*arguments)
        self._here = threading.local()
        self._processes: list[subprocess.Popen] = []
        self._log = tempfile.TemporaryFile()
        self._threads = ThreadPoolExecutor(max(count, 1))

    def map(self, items: Iterable[Any]) -> Iterator[Any]:
        """The results, in order; two items for each process are on the way."""
        if self._inline is not None:
            yield from map(self._inline, items)
            return
        waiting: collections.deque[Any] = collections.deque()
        for item in items:
            waiting.append(self._threads.submit(self._ask, item))
            if len(waiting) > 2 * self.count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.kill()
            process.wait()
        self._threads.shutdown()
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was on the way to it
                    pipe.close()  # pyright: ignore[reportOptionalMemberAccess]
        self._log.close()

    def _ask(self, item: Any) -> Any:
        """Sends an item to the process of this thread, and gives its answer."""
        process: Any = getattr(self._here, "process", None)
        if process is None:
            process = self._here.process = self._start()
        try:
            pickle.dump(item, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            error, result = pickle.load(process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as broken:
            raise RuntimeError(self._ended(process)) from broken
        if error is not None:
            raise error
        return result

    def _start(self) -> subprocess.Popen:
        paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **quiet, "PYTHONPATH": paths},
        )
        self._processes.append(process)
        process.stdin.write(self._first)  # pyright: ignore[reportOptionalMemberAccess]
        return process

    def _ended(self, process: subprocess.Popen) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        self._log.seek(0)
        said = self._log.read()[-500:].decode("utf-8", "replace").strip()
        return (
            f"A process that read the corpus ended with code {process.returncode} before it had "
            f"answered: memory may have been short. {said}"
        )


def process_count() -> int:
    """How many processes are worth starting here; none beside this one on a single core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _MOST)


def serve() -> None:
    """The life of a process of `Workers`: until its input ends."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which is for the one that started it
    items, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever libraries print
    make, arguments = pickle.load(items)
    work = make(*arguments)
    while True:
        try:
            item = pickle.load(items)
        except EOFError:
            return
        answer: tuple[Exception | None, Any]
        try:
            answer = None, work(item)
        except CorpusError as error:
            answer = error, None
        pickle.dump(answer, results, pickle.HIGHEST_PROTOCOL)
        results.flush()
