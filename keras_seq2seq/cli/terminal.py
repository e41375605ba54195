"""Consoles and progress bars."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Progress and messages go to standard error: standard output holds results alone.
out = Console(emoji=False)
err = Console(stderr=True, emoji=False)


def make_progress() -> Progress:
    """A progress bar on standard error that vanishes when it is done; none in a pipe."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
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
