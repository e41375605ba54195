"""`keras-seq2seq train`."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_seq2seq.cli.terminal import err, make_progress
from keras_seq2seq.training.configuration.config_file import commented_toml, load_config
from keras_seq2seq.training.errors.training_interrupted import TrainingInterrupted
from keras_seq2seq.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from keras_seq2seq.training import RunConfig, TrainingSummary


def run(
    config_file: Path | None,
    overrides: Sequence[str],
    run_dir: Path | None,
    overwrite: bool,
    show_config: bool,
) -> None:
    """Checks all that can be checked before TensorFlow is loaded, then trains."""
    config = load_config(config_file, overrides)
    if show_config:
        print(commented_toml(config), end="")
        return
    with open_run(run_dir, overwrite) as directory:
        summary = train(config, directory)
    _tell(summary, directory)


def resume(
    path: Path,
    config_file: Path | None,
    overrides: Sequence[str],
    run_dir: Path | None,
    overwrite: bool,
    show_config: bool,
) -> None:
    """Goes on with a run; with its own configuration, unless another file is given."""
    if run_dir is not None or overwrite:
        raise ValueError(
            "--resume names the run directory itself: leave out --run-dir/--overwrite."
        )
    directory = RunDirectory(path)
    if not directory.is_run:
        raise ValueError(
            f"{path} holds no run to resume: there is no {directory.config.name} in it."
        )
    config = load_config(config_file or directory.config, overrides)
    if show_config:
        print(commented_toml(config), end="")
        return
    directory.check_unfinished()
    summary = train(config, directory.create(), resume=True)
    _tell(summary, directory)


def _tell(summary, directory):
    err.print(
        f"Best epoch {summary.best_epoch} of {summary.epochs}, valid perplexity "
        f"{summary.valid_perplexity:.2f}, {summary.seconds / 60:.1f} minutes",
        soft_wrap=True,
    )
    print(directory.model)


@contextlib.contextmanager
def open_run(run_dir: Path | None, overwrite: bool) -> Iterator[RunDirectory]:
    """Gives a run directory; one that holds a run of worth is replaced only if that is meant."""
    directory = RunDirectory.new() if run_dir is None else RunDirectory(run_dir)
    holds = _what_it_holds(directory)
    if holds is None:
        new = not directory.is_run
        directory.create()
        try:
            yield directory
        except BaseException:
            if new and not directory.checkpoints.exists():  # nothing of worth has come into it
                directory.remove_beginnings()
            raise
    elif not overwrite:
        raise ValueError(f"{run_dir} holds {holds}. Choose another --run-dir, or give --overwrite.")
    else:
        with _set_aside(directory):
            yield directory.create()


def _what_it_holds(directory):
    if directory.is_run and directory.summary.exists() and directory.model.exists():
        return "a trained model already"
    if directory.is_run and directory.checkpoints.exists():
        return f"an unfinished run already: --resume {directory.path} goes on with it"
    return "a trained model already" if directory.is_run and directory.model.exists() else None


@contextlib.contextmanager
def _set_aside(directory):
    """Gives up the old run once the new one has a model, and brings it back if there is none."""
    path = directory.path.resolve()
    aside = tempfile.mkdtemp(prefix=f".{path.name}-replaced-", dir=path.parent)
    old = os.path.join(aside, path.name)
    os.replace(path, old)
    try:
        yield
    except TrainingInterrupted:  # the new one can be resumed
        shutil.rmtree(aside)
        raise
    except BaseException:
        if directory.model.exists():
            shutil.rmtree(aside)
        else:
            shutil.rmtree(path, ignore_errors=True)
            os.replace(old, path)
            os.rmdir(aside)
        raise
    shutil.rmtree(aside)


def train(config: RunConfig, directory: RunDirectory, resume: bool = False) -> TrainingSummary:
    """Trains with a progress bar; messages go to standard error."""
    pairs = config.data.read()  # before TensorFlow is loaded: errors show at once
    from keras_seq2seq.cli.training_progress import TrainingProgress
    from keras_seq2seq.training.runs.run import train

    def say(message: str) -> None:
        err.print(message, highlight=False, markup=False, soft_wrap=True)

    with make_progress() as progress:
        bar = TrainingProgress(progress)
        return train(config, directory, pairs, say, callbacks=[bar], resume=resume)
