"""The command `keras-seq2seq`. Heavy imports wait until a command runs."""

import os
import sys
from pathlib import Path
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported
os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")

import typer

from keras_seq2seq.cli.library_messages import own_messages_only
from keras_seq2seq.version import __version__

app = typer.Typer(
    name="keras-seq2seq",
    help="Small sequence-to-sequence models: train, evaluate, generate, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _existing(path: Path) -> Path:
    """Told at once, not after the seconds that TensorFlow takes to load."""
    if not path.exists():
        raise ValueError(f"{path} does not exist.")
    return path


def _all_existing(paths: list[Path]) -> list[Path]:
    return [_existing(path) for path in paths]


ModelArgument = Annotated[
    Path,
    typer.Argument(
        help="A run directory, .keras file, SavedModel directory or .tflite file.",
        callback=_existing,
    ),
]
BatchSize = Annotated[int, typer.Option(min=1, help="How many sentences run at once.")]
Columns = Annotated[str, typer.Option(help='Columns of source and target; "2,1" swaps them.')]
Tokenize = Annotated[str, typer.Option(help="sacreBLEU's tokenizer.")]
Language = Annotated[
    str | None,
    typer.Option(
        help="Language of the targets, as de: score lower-cased, Moses-tokenised text, too, as "
        "published tables do."
    ),
]
Beam = Annotated[int, typer.Option(min=1, help="Beams of the search; 1 searches greedily.")]
LengthPenalty = Annotated[
    float | None, typer.Option(help="Of beam search, 1 if not given: above, longer results.")
]
Ensemble = Annotated[
    list[Path] | None,
    typer.Option(help="A further model of the same vocabulary, to decode with as one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _version(wanted: bool):
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
):
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
):
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
    beam: Beam = 1,
    length_penalty: LengthPenalty = None,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
):
    """Scores a model: BLEU, chrF, TER and exact match, with sacreBLEU's signatures."""
    from keras_seq2seq.cli import evaluate_command

    options = {"beam_size": beam} if beam > 1 else {}
    if length_penalty is not None:
        options["length_penalty"] = length_penalty
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
        options,
    )


@app.command()
def compare(
    systems: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more: models, or files of translations, one a line. "
            "The first is the baseline.",
            callback=_all_existing,
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
    beam: Beam = 1,
    length_penalty: LengthPenalty = None,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
):
    """Tells whether systems differ by more than chance: paired bootstrap of BLEU, chrF and TER."""
    from keras_seq2seq.cli import compare_command

    options = {"beam_size": beam} if beam > 1 else {}
    if length_penalty is not None:
        options["length_penalty"] = length_penalty
    compare_command.run(
        systems, test, columns, tokenize, language, resamples, batch_size, as_json, options
    )


@app.command()
def generate(
    model: ModelArgument,
    file: Annotated[
        str, typer.Argument(help="Text, one source a line; - is standard input.")
    ] = "-",
    beam: Beam = 1,
    n_best: Annotated[int, typer.Option(min=1, help="Results for each line, best first.")] = 1,
    length_penalty: LengthPenalty = None,
    coverage_penalty: Annotated[
        float | None, typer.Option(help="Of beam search: for all of the source being read.")
    ] = None,
    diversity: Annotated[
        float | None, typer.Option(help="Of beam search: how much n-best results differ.")
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Draw tokens by probability.")] = False,
    temperature: Annotated[float | None, typer.Option(help="Of sampling.")] = None,
    top_k: Annotated[
        int | None, typer.Option(help="Of sampling: the most probable tokens.")
    ] = None,
    top_p: Annotated[float | None, typer.Option(help="Of sampling: their probability.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of sampling.")] = None,
    min_length: Annotated[int | None, typer.Option(help="Least tokens of a result.")] = None,
    max_length: Annotated[int | None, typer.Option(help="Most tokens of a result.")] = None,
    no_repeat_ngram: Annotated[
        int | None, typer.Option(help="No run of so many tokens occurs twice.")
    ] = None,
    repetition_penalty: Annotated[
        float | None, typer.Option(help="Above 1: tokens are less probable the second time.")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="How every result begins.")] = None,
    ban: Annotated[
        list[str] | None, typer.Option(help="What must not occur, as often as you like.")
    ] = None,
    long_sources: Annotated[
        str | None, typer.Option(help="truncate, split (into sentences) or error.")
    ] = None,
    replace_unknown: Annotated[
        bool, typer.Option("--replace-unknown", help="Copy source words for unknown ones.")
    ] = False,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    scores: Annotated[bool, typer.Option(help="Put log-probability and TAB before each.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: tokens, scores, attention, ...")
    ] = False,
):
    """Translates lines of text to standard output."""
    from keras_seq2seq.cli import generate_command

    options = {
        "beam_size": beam if beam > 1 else None,
        "num_return": n_best if n_best > 1 else None,
        "length_penalty": length_penalty,
        "coverage_penalty": coverage_penalty,
        "diversity": diversity,
        "sampling": sample,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
        "min_length": min_length,
        "max_length": max_length,
        "no_repeat_ngram": no_repeat_ngram,
        "repetition_penalty": repetition_penalty,
        "prefix": prefix,
        "banned": ban,
        "long_sources": long_sources,
        "replace_unknown": replace_unknown,
    }
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
):
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
    beam: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Beams of the SavedModel's signature `beam` (4 if not given), and of the .tflite "
            "file's only search (1 if not given).",
        ),
    ] = None,
):
    """Writes a SavedModel and a .tflite file, and compares both with the model."""
    from keras_seq2seq.cli import export_command

    export_command.run(model, saved_model, tflite, text, beam)


@app.command()
def inspect(model: ModelArgument, as_json: AsJson = False):
    """Shows what a model is made of."""
    from keras_seq2seq.cli import inspect_command

    inspect_command.run(model, as_json)


@app.command()
def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run directories, drawn into one picture.", callback=_all_existing),
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="The picture; default curves.png, in the run if there is one."),
    ] = None,
    monitor: Annotated[
        str | None,
        typer.Option(help="Column of metrics.csv that tells the best epoch; default the run's."),
    ] = None,
):
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
):
    """Trains on the phrasebook, scores, exports, and translates with all three artefacts."""
    from keras_seq2seq.cli import quickstart_command

    quickstart_command.run(run_dir, set_ or [], overwrite)


def main():
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


def _fail(error):
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        raise error
    print("error: " + " ".join(str(error).split()), file=sys.stderr)
    sys.exit(2)
