"""`keras-seq2seq train`."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keras_seq2seq.cli.arguments import Overrides, Overwrite
from keras_seq2seq.cli.terminal import err, make_progress, say
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.configuration.config_file import commented_toml, load_config
from keras_seq2seq.training.errors import TrainingInterrupted
from keras_seq2seq.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from keras_seq2seq.training import TrainingSummary


def run(
    config: Annotated[
        Path | None, typer.Argument(help="TOML file, or recipe:NAME; see --show-config.")
    ] = None,
    corpus: Annotated[
        str | None,
        typer.Option("--train", help='Corpus: "a.tsv", "a.en,a.de" or "phrasebook:train".'),
    ] = None,
    valid: Annotated[str | None, typer.Option(help="Corpus to watch the run with.")] = None,
    columns: Annotated[str | None, typer.Option(help='Columns of a .tsv, e.g. "2,1".')] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Where everything goes; default runs/<date>_<time>.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Architecture: tiny, small, base, luong2015, rnmt_plus.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, mixed_float16 or mixed_bfloat16.")
    ] = None,
    set_: Overrides = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with this run, exactly where its last checkpoint is."),
    ] = None,
    overwrite: Overwrite = False,
    show_config: Annotated[bool, typer.Option(help="Print the configuration and stop.")] = False,
) -> None:
    """Trains a model; without arguments, on the built-in phrasebook."""
    named = {
        "data.train": corpus,
        "data.valid": valid,
        "data.columns": columns,
        "model.preset": preset,
        "training.precision": precision,
    }
    overrides = [f"{key}={value}" for key, value in named.items() if value is not None]
    old = None if resume is None else RunDirectory(resume)
    if old and (run_dir is not None or overwrite):
        raise ValueError(
            "--resume names the run directory itself: leave out --run-dir/--overwrite."
        )
    if old and not old.is_run:
        raise ValueError(f"{resume} holds no run to resume: there is no {old.config.name} in it.")
    options = load_config(config or (old and old.config), overrides + (set_ or []))
    if show_config:
        return print(commented_toml(options), end="")
    if old:
        old.check_unfinished()
    with nullcontext(old.create()) if old else open_run(run_dir, overwrite) as directory:
        summary = train(options, directory, resume=old is not None)
    err.print(
        f"Best epoch {summary.best_epoch} of {summary.epochs}, valid perplexity "
        f"{summary.valid_perplexity:.2f}, {summary.seconds / 60:.1f} minutes",
        soft_wrap=True,
    )
    print(directory.model)


@contextmanager
def open_run(run_dir: Path | None, overwrite: bool) -> Iterator[RunDirectory]:
    """Gives a run directory; one that holds a run of worth is replaced only if that is meant."""
    directory = RunDirectory.new() if run_dir is None else RunDirectory(run_dir)
    holds = _what_it_holds(directory)
    if holds and not overwrite:
        raise ValueError(f"{run_dir} holds {holds}. Choose another --run-dir, or give --overwrite.")
    if holds:
        with _set_aside(directory):
            yield directory.create()
        return
    new = not directory.is_run
    directory.create()
    try:
        yield directory
    except BaseException:
        if new and not directory.checkpoints.exists():  # nothing of worth has come into it
            directory.remove_beginnings()
        raise


def _what_it_holds(directory: RunDirectory) -> str | None:
    if directory.is_run and directory.summary.exists() and directory.model.exists():
        return "a trained model already"
    if directory.is_run and directory.checkpoints.exists():
        return f"an unfinished run already: --resume {directory.path} goes on with it"
    return "a trained model already" if directory.is_run and directory.model.exists() else None


@contextmanager
def _set_aside(directory: RunDirectory) -> Iterator[None]:
    """Gives up the old run once the new one has a model, and brings it back if there is none."""
    path = directory.path.resolve()
    aside = tempfile.mkdtemp(prefix=f".{path.name}-replaced-", dir=path.parent)
    old = os.path.join(aside, path.name)
    os.replace(path, old)
    try:
        yield
    except BaseException as error:
        if isinstance(error, TrainingInterrupted) or directory.model.exists():
            shutil.rmtree(aside)  # the new one is of worth, or can be resumed
        else:
            shutil.rmtree(path, ignore_errors=True)
            os.replace(old, path)
            os.rmdir(aside)
        raise
    shutil.rmtree(aside)


def train(config: RunConfig, directory: RunDirectory, resume: bool = False) -> "TrainingSummary":
    """Trains with a progress bar; messages go to standard error."""
    pairs = config.data.read()  # before TensorFlow is loaded: errors show at once
    from keras_seq2seq.cli.training_progress import TrainingProgress
    from keras_seq2seq.training.runs.run import train

    with make_progress() as progress:
        bars = [TrainingProgress(progress)]
        return train(config, directory, pairs, say, callbacks=bars, resume=resume)
