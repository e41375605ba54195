"""Consoles and progress bars."""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer
from rich import progress as bars
from rich.console import Console

# Progress and messages go to standard error: standard output holds results alone.
out = Console(emoji=False)
err = Console(stderr=True, emoji=False)


def as_json(value: Any) -> str:
    """A value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False)


def print_json(value: Any) -> None:
    """Prints a value as one line of JSON."""
    print(as_json(value))


@contextlib.contextmanager
def results_stay() -> Iterator[None]:
    """Ends a command quietly at Ctrl-C, and where its reader leaves, as `head` does.

    For commands whose results, as far as they have come, are of worth.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(128 + signal.SIGINT) from None
    except BrokenPipeError:
        with contextlib.suppress(
            OSError, ValueError
        ):  # nothing more can be written, at exit either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def say(message: str) -> None:
    """Tells the user something, on standard error."""
    err.print(message, highlight=False, markup=False, soft_wrap=True)


def make_progress(shown: bool = True) -> bars.Progress:
    """A progress bar on standard error that vanishes when it is done; none in a pipe."""
    return bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=20),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not (shown and err.is_terminal),
    )


@contextlib.contextmanager
def bar_of(
    progress: bars.Progress, description: str, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Adds a bar to a progress, for a time, and gives a function to tell how many more are done."""
    task = progress.add_task(description, total=total)
    try:
        yield lambda more: progress.advance(task, more)
    finally:
        progress.remove_task(task)


@contextlib.contextmanager
def progress_of(
    description: str, total: int | None = None, printing: bool = False
) -> Iterator[Callable[..., None]]:
    """Shows a bar and gives a function to tell how many are done.

    Where results are printed meanwhile, there is none on a terminal: they would run into it.
    """
    with make_progress(not (printing and sys.stdout.isatty())) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done, before=0: progress.update(task, completed=before + done)
