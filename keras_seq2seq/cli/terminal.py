"""Consoles and progress bars."""

import contextlib

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

out = Console()
err = Console(stderr=True)  # progress and messages: standard output holds results alone


def make_progress():
    """A progress bar on standard error that vanishes when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


@contextlib.contextmanager
def progress_of(description, total):
    """Shows a bar and gives a function to tell how many are done."""
    with make_progress() as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.update(task, completed=done)
