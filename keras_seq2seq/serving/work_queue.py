"""Where requests are computed."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import grpc

from keras_seq2seq.serving.serving_error import ServingError

Result = TypeVar("Result")


class WorkQueue:
    """A few threads that compute, and a bounded number of places to wait for them.

    Args:
        threads: How many requests are computed at once.
        places: How many may wait; any more are refused at once, as a client had better try
            again than wait for an answer that comes too late.

    Example:

    ```python
    answer = WorkQueue(threads=2, places=64).submit(lambda: 6 * 7).result()
    ```
    """

    def __init__(self, threads: int, places: int):
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="serving")
        self._free = threading.BoundedSemaphore(threads + places)

    def submit(self, task: Callable[[], Result]) -> "Future[Result]":
        """Computes `task` in one of the threads.

        Raises:
            ServingError: UNAVAILABLE, as all places are taken.
        """
        if not self._free.acquire(blocking=False):
            raise ServingError(
                grpc.StatusCode.UNAVAILABLE,
                "The server has as many requests waiting as it takes; try again.",
            )
        try:
            future = self._threads.submit(task)
        except RuntimeError:  # it is closed
            self._free.release()
            raise ServingError(grpc.StatusCode.UNAVAILABLE, "The server is stopping.") from None
        future.add_done_callback(lambda _: self._free.release())
        return future

    def close(self) -> None:
        """Waits for what has been submitted."""
        self._threads.shutdown()
