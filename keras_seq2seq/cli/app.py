"""The command `keras-seq2seq`. Heavy imports wait until a command runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported
os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")

import typer

from keras_seq2seq.cli import (
    compare_command,
    evaluate_command,
    export_command,
    generate_command,
    inspect_command,
    plot_command,
    score_command,
)
from keras_seq2seq.cli.library_messages import own_messages_only
from keras_seq2seq.version import __version__

app = typer.Typer(
    name="keras-seq2seq",
    help="Small sequence-to-sequence models: train, evaluate, generate, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Small sequence-to-sequence models: train, evaluate, generate, export."""
    context.with_resource(own_messages_only())


@app.command()
def train(
    config: Annotated[
        Path | None, typer.Argument(help="TOML file, or recipe:NAME; see --show-config.")
    ] = None,
    train: Annotated[
        str | None, typer.Option(help='Corpus: "a.tsv", "a.en,a.de" or "phrasebook:train".')
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
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="section.key=value, as often as you like.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with this run, exactly where its last checkpoint is."),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a run in --run-dir.")] = False,
    show_config: Annotated[bool, typer.Option(help="Print the configuration and stop.")] = False,
) -> None:
    """Trains a model; without arguments, on the built-in phrasebook."""
    from keras_seq2seq.cli import train_command

    named = {
        "data.train": train,
        "data.valid": valid,
        "data.columns": columns,
        "model.preset": preset,
        "training.precision": precision,
    }
    overrides = [f"{key}={value}" for key, value in named.items() if value is not None]
    overrides += set_ or []
    if resume is None:
        train_command.run(config, overrides, run_dir, overwrite, show_config)
    else:
        train_command.resume(resume, config, overrides, run_dir, overwrite, show_config)


app.command("evaluate")(evaluate_command.run)
app.command("compare")(compare_command.run)
app.command("generate")(generate_command.run)
app.command("score")(score_command.run)
app.command("export")(export_command.run)
app.command("inspect")(inspect_command.run)
app.command("plot")(plot_command.run)


@app.command()
def quickstart(
    run_dir: Annotated[
        Path | None, typer.Option(help="Where everything goes; default runs/quickstart, anew.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="section.key=value, as often as you like.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a run in --run-dir.")] = False,
) -> None:
    """Trains on the phrasebook, scores, exports, and translates with all three artefacts."""
    from keras_seq2seq.cli import quickstart_command

    quickstart_command.run(run_dir, set_ or [], overwrite)


def main() -> None:
    """Runs the command line; what a user can mend is told in one line, with exit code 2.

    With TF_CPP_MIN_LOG_LEVEL=0 errors keep their tracebacks.
    """
    sys.stdout.reconfigure(encoding="utf-8")  # as the input is, whatever the locale says
    try:
        app()
    except (ValueError, OSError) as error:
        _fail(error)
    except RuntimeError as error:
        from keras_seq2seq.training.errors.training_error import TrainingError
        from keras_seq2seq.training.errors.training_interrupted import TrainingInterrupted

        if isinstance(error, TrainingInterrupted):  # no error: the user wanted it
            print(error, file=sys.stderr)
            sys.exit(128 + error.signal)
        if not isinstance(error, TrainingError):
            raise
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        raise error
    print("error: " + " ".join(str(error).split()), file=sys.stderr)
    sys.exit(2)
