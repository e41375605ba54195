"""How far a long reading has come, told to who may want to know."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Bar: TypeAlias = Callable[..., AbstractContextManager[Callable[[int], Any]]]


@contextlib.contextmanager
def no_bar(description: str, total: int | None = None) -> Iterator[Callable[[int], Any]]:
    """Shows nothing."""
    yield lambda more: None


@dataclass(frozen=True)
class Reporting:
    """What is told while a corpus is read.

    Args:
        bar: Called with a description and a total, or None; a context that gives a function, which
            is called with how many more are done.
        say: Is given each message for the user.
    """

    bar: Bar = no_bar
    say: Callable[[str], None] = lambda message: None

    def waiting(self) -> None:
        """Tells that another process does the same."""
        self.say("Another process reads the same corpus into the same cache: waiting for it.")

    def damaged(self, path: Path) -> None:
        """Tells that a part of the cache is made once more."""
        self.say(f"Files of {path} are gone or cut off: they are made anew.")
