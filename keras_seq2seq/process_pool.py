"""Several processes that do the same to many things."""

import collections
import contextlib
import os
import pickle
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

_MOST = 8  # processes that one process can feed
_PROGRAM = "from keras_seq2seq.process_pool import serve; serve()"
_LOG = 10_000  # bytes of what a process has said that are looked at
_NOTES = re.compile(r"^(?:[IW]\d{4} .*|WARNING: All log messages before .*|)\n", re.MULTILINE)
_TOLD = (ValueError, OSError)  # errors that are about the work, not about the process


class ProcessPool:
    """Processes that apply a function to items, whose results come in the order of the items.

    They are new processes that import no more than the function needs: neither is the state of
    TensorFlow forked, nor need the script of the user be guarded against being imported. They end
    with the one that started them, however that ends. They see no GPU.

    Args:
        count: How many; 0 does the work in this process.
        make: A function of a module that makes the function, once in each process.
        *arguments: What it is called with.
        threads: Of TensorFlow in each of them, for one operator; all cores' if not given.

    Raises:
        ValueError, OSError: the function, or what made it, raised it.
        ChildProcessError: a process failed otherwise, or was ended; it is an OSError.

    Example:

    ```python
    with ProcessPool(2, make_scanner, (1, 2)) as pool:
        for found in pool.map(chunks):
            ...
    ```
    """

    def __init__(
        self,
        count: int,
        make: Callable[..., Callable[[Any], Any]],
        *arguments: Any,
        threads: int | None = None,
    ):
        self.count = count
        self._threads_of_each = {} if threads is None else {"TF_NUM_INTRAOP_THREADS": str(threads)}
        self._first = pickle.dumps((make, arguments)) if count else b""
        self._inline = None if count else make(*arguments)
        self._here = threading.local()
        self._processes: list[subprocess.Popen] = []
        self._log = tempfile.TemporaryFile()
        self._threads = ThreadPoolExecutor(max(count, 1))

    def map(self, items: Iterable[Any]) -> Iterator[Any]:
        """The results, in order; at most two items for each process are on the way.

        An error of the items is raised after the results of those that came before.
        """
        if self._inline is not None:
            yield from map(self._inline, items)
            return
        waiting: collections.deque[Any] = collections.deque()
        broken: list[Exception] = []
        for item in _until_broken(items, broken):
            waiting.append(self._threads.submit(self._ask, item))
            while waiting and (waiting[0].done() or len(waiting) > 2 * self.count):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        if broken:
            raise broken[0]

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
            raise ChildProcessError(self._ended(process)) from broken
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
            env={**os.environ, **quiet, **self._threads_of_each, "PYTHONPATH": paths},
        )
        self._processes.append(process)
        process.stdin.write(self._first)  # pyright: ignore[reportOptionalMemberAccess]
        return process

    def _ended(self, process: subprocess.Popen) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        self._log.seek(0)
        log = self._log.read()[-_LOG:].decode("utf-8", "replace")
        said = _NOTES.sub("", log).strip()[-500:]
        return (
            f"A process of {self.count} ended with code {process.returncode} before it had "
            f"answered: memory may have been short. {said}"
        )


def _until_broken(items: Iterable[Any], broken: list[Exception]) -> Iterator[Any]:
    try:
        yield from items
    except Exception as error:
        broken.append(error)


def core_count() -> int:
    """How many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


def process_count() -> int:
    """How many processes are worth starting here; none beside this one on a single core."""
    return min(core_count(), _MOST)


def serve() -> None:
    """The life of a process of `ProcessPool`: until its input ends."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which is for the one that started it
    items, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever libraries print
    make, arguments = pickle.load(items)
    work: Any = None
    while True:
        try:
            item = pickle.load(items)
        except EOFError:
            return
        answer: tuple[Exception | None, Any]
        try:
            work = make(*arguments) if work is None else work
            answer = None, work(item)
        except _TOLD as error:
            answer = error, None
        pickle.dump(answer, results, pickle.HIGHEST_PROTOCOL)
        results.flush()
