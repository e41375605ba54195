"""The command `keras-seq2seq`. Heavy imports wait until a command runs."""

import io
import os
import sys
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported
os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")

import typer

from keras_seq2seq.cli import (
    compare_command,
    evaluate_command,
    export_command,
    generate_command,
    plot_command,
    quickstart_command,
    serve_command,
    train_command,
    verify_command,
)
from keras_seq2seq.cli.screen.library_messages import own_messages_only
from keras_seq2seq.training.errors import TrainingError, TrainingInterrupted, WorkerGone
from keras_seq2seq.version import __version__

_START_AGAIN = 75  # what sysexits.h calls EX_TEMPFAIL; `os` has that name on Unix alone

app = typer.Typer(
    name="keras-seq2seq",
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


app.command("train")(train_command.run)
app.command("evaluate")(evaluate_command.run)
app.command("compare")(compare_command.run)
app.command("generate")(generate_command.run)
app.command("score")(generate_command.score)
app.command("export")(export_command.run)
app.command("inspect")(export_command.inspect)
app.command("verify")(verify_command.run)
app.command("serve")(serve_command.run)
app.command("plot")(plot_command.run)
app.command("quickstart")(quickstart_command.run)


def main() -> None:
    """Runs the command line; what a user can mend is told in one line, with exit code 2.

    Code 75 says that the same command may do better when it is started again.
    With TF_CPP_MIN_LOG_LEVEL=0 errors keep their tracebacks.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as the input is, whatever the locale says
    try:
        app()
    except TrainingInterrupted as error:  # no error: the user wanted it
        print(error, file=sys.stderr)
        sys.exit(128 + error.signal)
    except (ValueError, OSError, TrainingError) as error:
        if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
            raise
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        sys.exit(_START_AGAIN if isinstance(error, WorkerGone) else 2)
