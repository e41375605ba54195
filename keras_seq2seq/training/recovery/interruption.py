"""Signals that wait until a batch is done."""

import contextlib
import signal
import threading
from types import FrameType
from typing import Any, Self


class Interruption:
    """Catches the first SIGINT or SIGTERM, for a training run that wants to end in good order.

    A second one of the same kind does what it always did. Outside of the main thread, where
    Python lets nobody catch signals, nothing is caught.

    Attributes:
        signal: int or `None`. The signal that came.
    """

    def __init__(self):
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._take)
        return self

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._give_back(number)

    def __exit__(self, *error: object) -> None:
        for number in list(self._before):
            self._give_back(number)

    def _give_back(self, number: int) -> None:
        before = self._before.pop(number, None)
        with contextlib.suppress(TypeError):  # one that was not set by Python
            signal.signal(number, before)
