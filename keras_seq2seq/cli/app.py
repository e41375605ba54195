"""The command `keras-seq2seq`. Heavy imports wait until a command runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported
os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")

import typer

from keras_seq2seq.cli.arguments import (
    AsJson,
    BatchSize,
    Columns,
    Ensemble,
    Language,
    ModelArgument,
    Tokenize,
    all_existing,
)
from keras_seq2seq.cli.library_messages import own_messages_only
from keras_seq2seq.cli.search_flags import with_search_flags
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


@app.command()
@with_search_flags
def evaluate(
    model: ModelArgument,
    test: Annotated[str, typer.Option(help="Corpus with references.")] = "phrasebook:test",
    columns: Columns = "1,2",
    output: Annotated[Path | None, typer.Option(help="Also write the translations here.")] = None,
    tokenize: Tokenize = "13a",
    language: Language = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Directory for a report of errors: text, JSON and a picture."),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(help="Corpus that tells which words are rare; default that of the run."),
    ] = None,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
    **search: Any,
) -> None:
    """Scores a model: BLEU, chrF, TER and exact match, with sacreBLEU's signatures."""
    from keras_seq2seq.cli import evaluate_command

    evaluate_command.run(
        (model, *(ensemble or [])),
        test,
        columns,
        output,
        tokenize,
        language,
        report,
        train,
        batch_size,
        as_json,
        search,
    )


@app.command()
@with_search_flags
def compare(
    systems: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more: models, or files of translations, one a line. "
            "The first is the baseline.",
            callback=all_existing,
        ),
    ],
    test: Annotated[str, typer.Option(help="Corpus with references.")] = "phrasebook:test",
    columns: Columns = "1,2",
    tokenize: Tokenize = "13a",
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of the targets, as de: compare lower-cased, Moses-tokenised "
            "text instead."
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=40, help="Draws of the bootstrap.")] = 1000,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
    **search: Any,
) -> None:
    """Tells whether systems differ by more than chance: paired bootstrap of BLEU, chrF and TER."""
    from keras_seq2seq.cli import compare_command

    compare_command.run(
        systems, test, columns, tokenize, language, resamples, batch_size, as_json, search
    )


@app.command()
@with_search_flags
def generate(
    model: ModelArgument,
    file: Annotated[
        str, typer.Argument(help="Text, one source a line; - is standard input.")
    ] = "-",
    prefix: Annotated[str | None, typer.Option(help="How every result begins.")] = None,
    banned: Annotated[
        list[str] | None,
        typer.Option("--banned", "--ban", help="What must not occur, as often as you like."),
    ] = None,
    long_sources: Annotated[
        str | None, typer.Option(help="truncate, split (into sentences) or error.")
    ] = None,
    replace_unknown: Annotated[
        bool | None, typer.Option("--replace-unknown", help="Copy source words for unknown ones.")
    ] = None,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    scores: Annotated[bool, typer.Option(help="Put log-probability and TAB before each.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: tokens, scores, attention, ...")
    ] = False,
    **search: Any,
) -> None:
    """Translates lines of text to standard output."""
    from keras_seq2seq.cli import generate_command

    of_text = {
        "prefix": prefix,
        "banned": banned,
        "long_sources": long_sources,
        "replace_unknown": replace_unknown,
    }
    options = search | {name: value for name, value in of_text.items() if value is not None}
    generate_command.run(model, file, batch_size, scores, as_json, ensemble or [], options)


@app.command()
def score(
    model: ModelArgument,
    corpus: Annotated[str, typer.Argument(help="Pairs whose targets are judged.")],
    columns: Columns = "1,2",
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the score of each token.")
    ] = False,
) -> None:
    """Prints how probable the targets of a corpus are: log-probability, that a token, the pair."""
    from keras_seq2seq.cli import score_command

    score_command.run(model, corpus, columns, batch_size, as_json, ensemble or [])


@app.command()
def export(
    model: ModelArgument,
    saved_model: Annotated[
        Path | None, typer.Option(help="Base directory: a numbered version is added.")
    ] = None,
    tflite: Annotated[Path | None, typer.Option(help="The .tflite file, ids to ids.")] = None,
    text: Annotated[
        bool, typer.Option("--text", help="Also write <file>.text.tflite, text to text.")
    ] = False,
    beam_size: Annotated[
        int | None,
        typer.Option(
            "--beam-size",
            "--beam",
            min=1,
            help="Beams of the SavedModel's signature `beam` (4 if not given), and of the .tflite "
            "file's only search (1 if not given).",
        ),
    ] = None,
) -> None:
    """Writes a SavedModel and a .tflite file, and compares both with the model."""
    from keras_seq2seq.cli import export_command

    export_command.run(model, saved_model, tflite, text, beam_size)


@app.command()
def inspect(model: ModelArgument, as_json: AsJson = False) -> None:
    """Shows what a model is made of."""
    from keras_seq2seq.cli import inspect_command

    inspect_command.run(model, as_json)


@app.command()
def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run directories, drawn into one picture.", callback=all_existing),
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="The picture; default curves.png, in the run if there is one."),
    ] = None,
    monitor: Annotated[
        str | None,
        typer.Option(help="Column of metrics.csv that tells the best epoch; default the run's."),
    ] = None,
) -> None:
    """Draws loss, perplexity, accuracy and all else that a run wrote, epoch by epoch."""
    from keras_seq2seq.cli import plot_command

    plot_command.run(runs, output, monitor)


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
        from keras_seq2seq.training.recovery.training_error import TrainingError
        from keras_seq2seq.training.recovery.training_interrupted import TrainingInterrupted

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
