"""`keras-seq2seq train`."""

import functools
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keras_seq2seq.cli.arguments import Overrides, Overwrite, existing
from keras_seq2seq.cli.terminal import bar_of, err, make_progress, say
from keras_seq2seq.onednn import prefer_onednn
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.configuration.config import DataConfig, RunConfig, TrainingConfig
from keras_seq2seq.training.configuration.config_file import commented_toml, load_config
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.runs.scored_pairs import columns_of
from keras_seq2seq.training.workers.command_line import begin_workers, find_workers

if TYPE_CHECKING:
    from keras_seq2seq.data.sentence_pairs import SentencePairs
    from keras_seq2seq.text_models import TextSeq2Seq
    from keras_seq2seq.training import TrainingSummary
    from keras_seq2seq.training.workers.workers import Workers


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
        str | None,
        typer.Option(
            help="Architecture: tiny, small, base, luong2015, rnmt_plus; instead of what the "
            "file says of the model."
        ),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, mixed_float16 or mixed_bfloat16.")
    ] = None,
    set_: Overrides = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Go on with this run, exactly where its last checkpoint is; with more "
            "training.epochs if it is finished."
        ),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Begin with the weights and vocabularies of this run or .keras file: new data, "
            "new schedule.",
            callback=lambda path: path and existing(path),
        ),
    ] = None,
    overwrite: Overwrite = False,
    workers: Annotated[
        str | None,
        typer.Option(
            help="Processes that train together, host:port,host:port, the chief first; by default "
            "TF_CONFIG or Slurm says it. For training.distribute=multiworker or data_parallel."
        ),
    ] = None,
    worker: Annotated[
        int | None, typer.Option(min=0, help="Which of --workers this one is, from 0.")
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print the configuration and stop.")
    ] = False,
) -> None:
    """Trains a model; without arguments, on the built-in phrasebook."""
    prefer_onednn()
    flags = {
        "train": ("data.train", corpus),
        "valid": ("data.valid", valid),
        "columns": ("data.columns", columns),
        "preset": ("model.preset", preset),
        "precision": ("training.precision", precision),
    }
    named = {flag: f"{key}={value}" for flag, (key, value) in flags.items() if value is not None}
    overrides = [*named.values(), *(set_ or [])]
    old = None if resume is None else RunDirectory(resume)
    if old and (run_dir is not None or overwrite or from_ is not None):
        raise ValueError(
            "--resume names the run directory itself, which knows what it began with: leave out "
            "--run-dir/--overwrite/--from."
        )
    if old and not old.is_run:
        raise ValueError(f"{resume} holds no run to resume: none left a {old.config.name} in it.")
    with _as_typed(named):
        # First of all: several processes find each other before TensorFlow computes anything.
        options = load_config(config or (old and old.config), overrides)
        distribute = options.training.distribute
        addresses = find_workers(distribute, workers, worker)
        place = resume or run_dir
        begun = None if show_config else begin_workers(distribute, addresses, place, say)
    initial = None if from_ is None else open_initial(from_)
    base = None if initial is None or from_ is None else base_of(from_, initial)
    with _as_typed(named):
        options = load_config(config or (old and old.config), overrides, base)
    if from_ is not None and base is not None:
        turned = replace(base, data=replace(base.data, columns="2,1"))
        if load_config(config, overrides, turned).data.columns != options.data.columns:  # unsaid
            options = _with_columns(options, from_)
    if show_config:
        return print(commented_toml(options), end="")
    if begun and not begun.chief:
        train(options, RunDirectory(resume or run_dir or ""), initial=initial, workers=begun)
        return
    if old:
        _check_unfinished(old, options)
    pairs = options.read()  # before TensorFlow is loaded, and before anything is touched
    with _to_resume(old) if old else open_run(run_dir, overwrite) as directory:
        summary = train(options, directory, old is not None, initial, pairs, begun)
    err.print(
        f"Best epoch {summary.best_epoch} of {summary.epochs}, valid perplexity "
        f"{summary.valid_perplexity:.2f}, {summary.seconds / 60:.1f} minutes",
        soft_wrap=True,
    )
    print(directory.model)


@contextmanager
def _as_typed(named: dict[str, str]) -> Iterator[None]:
    """Errors about a flag name it, and not the key that it stands for."""
    try:
        yield
    except ConfigError as error:
        text = str(error)
        for flag, setting in named.items():
            text = text.replace(f"--set {setting}:", f"--{flag} {setting.partition('=')[2]}:")
        raise ConfigError(text) from None


def _check_unfinished(run: RunDirectory, options: RunConfig) -> None:
    from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
    from keras_seq2seq.training.runs.going_on import check_unfinished

    check_unfinished(run, options, CheckpointStore(run.checkpoints).newest())


@contextmanager
def open_run(
    run_dir: Path | None, overwrite: bool, own: Collection[str] = ()
) -> Iterator[RunDirectory]:
    """Gives a run directory that this process owns; one of worth is replaced only if told so.

    What runs do not write is not replaced, but for files of one's own names.
    """
    directory = RunDirectory.new() if run_dir is None else RunDirectory(run_dir)
    new = not directory.is_run
    directory.create()
    try:
        with directory.locked():
            _tell_of_replaced(directory.path)
            holds = _what_it_holds(directory)
            if holds and not overwrite:
                raise ValueError(
                    f"{run_dir} holds {holds}. Choose another --run-dir, or give --overwrite."
                )
            if holds:
                _check_replaceable(directory, own)
            with (
                _set_aside(directory, own) if holds else _beginnings_removed(directory, new) as path
            ):
                yield path
    finally:
        if new:  # and empty
            with suppress(OSError):
                directory.path.rmdir()


def _what_it_holds(directory: RunDirectory) -> str | None:
    if directory.is_run and directory.summary.exists() and directory.model.exists():
        return "a trained model already"
    if directory.is_run and directory.checkpoints.exists():
        return f"an unfinished run already: --resume {directory.path} goes on with it"
    return "a trained model already" if directory.is_run and directory.model.exists() else None


def _check_replaceable(run: RunDirectory, own: Collection[str]) -> None:
    """Complains where more would be lost than a run."""
    if others := [name for name in run.strangers() if name not in own]:
        some = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        raise ValueError(
            f"Replacing it would remove what no run wrote in {run.path}: {some}. Move it away, or "
            "choose another --run-dir."
        )
    here, path = Path.cwd().resolve(), run.path.resolve()
    if path in (here, *here.parents):
        raise ValueError(
            f"{path} cannot be replaced by a command that runs within it: run it from "
            "elsewhere, or choose another --run-dir."
        )


def _tell_of_replaced(path: Path) -> None:
    """Says where runs lie that a killed `--overwrite` was about to replace."""
    path = path.resolve()
    for aside in sorted(path.parent.glob(f"{escape(path.name)}-replaced*")):
        if RunDirectory(aside).is_run:
            say(f"An earlier run that was to be replaced lies in {aside}: remove it if it may go.")


@contextmanager
def _beginnings_removed(directory: RunDirectory, new: bool) -> Iterator[RunDirectory]:
    """Leaves nothing of a run that fails before anything of worth has come into it."""
    try:
        yield directory
    except BaseException:
        if new and not directory.checkpoints.exists():
            directory.remove_beginnings()
        raise


@contextmanager
def _set_aside(old: RunDirectory, own: Collection[str]) -> Iterator[RunDirectory]:
    """Gives up an old run once the new one is finished.

    If the new one ends before, it can be resumed, and the old one stays under a name that is
    told; if there is nothing of worth in it, the old one comes back.
    """
    path = old.path.resolve()  # a link to it stays
    aside, number = path.with_name(f"{path.name}-replaced"), 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}-replaced-{number}")
    again = path if ".." in old.path.parts else old.path  # "run/logs/.." is gone for a moment
    new, empty = RunDirectory(again), path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with new.locked(at=empty):  # before it gets its name: nobody comes in between
            try:
                path.rename(aside)
                empty.rename(path)
                yield new
            except BaseException:
                if new.model.exists() or new.checkpoints.exists():
                    say(f"The run that was to be replaced is kept: {aside}")
                elif aside.exists():
                    shutil.rmtree(path, ignore_errors=True)
                    aside.rename(path)
                raise
    finally:
        shutil.rmtree(empty, ignore_errors=True)
    if set(RunDirectory(aside).strangers()) - set(own):  # which came meanwhile
        say(f"The run that was replaced is kept, for other files lie in it: {aside}")
    else:
        shutil.rmtree(aside)


@contextmanager
def _to_resume(run: RunDirectory) -> Iterator[RunDirectory]:
    with run.create().locked():
        _tell_of_replaced(run.path)
        yield run


def open_initial(path: Path) -> "TextSeq2Seq":
    """The trained model that a run begins with."""
    from keras_seq2seq.export.keras_artefact import KerasArtefact
    from keras_seq2seq.export.open_artefact import open_artefact

    artefact = open_artefact(path)
    if not isinstance(artefact, KerasArtefact):
        raise ValueError(
            f"--from {path} is a {artefact.kind}; only a run or a .keras file can be trained."
        )
    return artefact.model


def base_of(path: Path, model: "TextSeq2Seq") -> RunConfig:
    """What a trained model says of itself, and its run of how its vocabularies were learnt."""
    from keras_seq2seq.training.runs.initial_model import described

    run = RunDirectory(path)
    known = load_config(run.config) if run.is_run else RunConfig()
    limits = {name: getattr(model, name) for name in known.data.limits}
    return described(replace(known, data=DataConfig(**limits), training=TrainingConfig()), model)


def _with_columns(options: RunConfig, begun_with: Path) -> RunConfig:
    """The columns of the run whose model a new one begins with: the same direction."""
    notes: list[str] = []
    columns = columns_of([begun_with], options.data.train, notes)
    for note in notes:
        say(note)
    return replace(options, data=replace(options.data, columns=columns))


def train(
    config: RunConfig,
    directory: RunDirectory,
    resume: bool = False,
    initial: "TextSeq2Seq | None" = None,
    pairs: "tuple[SentencePairs, SentencePairs] | None" = None,
    workers: "Workers | None" = None,
) -> "TrainingSummary":
    """Trains with a progress bar; messages go to standard error. Only the chief says anything."""
    pairs = pairs or config.read()
    from keras_seq2seq.cli.screen.training_progress import TrainingProgress
    from keras_seq2seq.training.runs.run import train

    shared: dict[str, Any] = {"initial": initial, "workers": workers}
    if workers is not None and not workers.chief:
        return train(config, directory, pairs, **shared)
    with make_progress() as progress:
        bars = [TrainingProgress(progress, directory.data_report)]
        shared |= {"bar": functools.partial(bar_of, progress)}
        return train(config, directory, pairs, say, bars, resume, **shared)
