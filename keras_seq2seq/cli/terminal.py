"""Consoles and progress bars."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from rich import progress as bars
from rich.console import Console

# Progress and messages go to standard error: standard output holds results alone.
out = Console(emoji=False)
err = Console(stderr=True, emoji=False)


def print_json(value: Any) -> None:
    """Prints a value as one line of JSON."""
    print(json.dumps(value, ensure_ascii=False))


def say(message: str) -> None:
    """Tells the user something, on standard error."""
    err.print(message, highlight=False, markup=False, soft_wrap=True)


def make_progress() -> bars.Progress:
    """A progress bar on standard error that vanishes when it is done; none in a pipe."""
    return bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


@contextlib.contextmanager
def progress_of(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows a bar and gives a function to tell how many are done."""
    with make_progress() as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.update(task, completed=done)
