"""`keras-seq2seq export` and `keras-seq2seq inspect`."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.cli.arguments import AsJson, ModelArgument
from keras_seq2seq.cli.terminal import err, out, print_json, progress_of, say
from keras_seq2seq.data.text_lines import read_lines
from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score, run_of, validation_pairs

_BEAM_INPUTS = ", ".join(
    name for name, o in OPTIONS.items() if o.neutral is not None and o.of in ("beam", "any")
)
_COMPARED = 16  # texts of the run
_MOST_COMPARED = 2048  # texts of a file


def _check_level(verify: str | None) -> str | None:
    if verify not in (None, "fast", "full"):
        raise ValueError(f"--verify must be fast or full, got {verify}.")
    return verify


def run(
    model: ModelArgument,
    saved_model: Annotated[
        Path | None, typer.Option(help="Base directory: a numbered version is added.")
    ] = None,
    serving: Annotated[
        Path | None,
        typer.Option(
            help="Directory to start TensorFlow Serving in: a version of the model with its card, "
            "and what the server is told."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What requests call the model of --serving; by default like the run."),
    ] = None,
    license: Annotated[
        str | None, typer.Option(help="What users of the model may do, for its card.")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="What `evaluate --json` printed, for the card.")
    ] = None,
    tflite: Annotated[Path | None, typer.Option(help="The .tflite file, ids to ids.")] = None,
    text: Annotated[
        bool, typer.Option("--text", help="Also write <file>.text.tflite, text to text.")
    ] = False,
    signatures: Annotated[
        str | None,
        typer.Option(
            help="What the .tflite file has beside `translate` (encode,decode_step if not given), "
            "of: encode, decode_step, beam, score."
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="Weights of the .tflite file: none (float32, if not given), float16, int8, mixed, "
            "int4; or auto, the smallest of them that passes.",
        ),
    ] = None,
    max_bleu_loss: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="How much less BLEU than as float32 --quantize may cost on the pairs that the "
            "run was validated on (0.3 if not given); or points of exact match, if most "
            "references have fewer than four words.",
        ),
    ] = None,
    judged_pairs: Annotated[
        int | None,
        typer.Option(min=1, help="On how many of them, at most (1,000 if not given)."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Also write <file>.report.json: what they measured.")
    ] = False,
    report_picture: Annotated[
        Path | None,
        typer.Option(help="Picture of size against quality (.png, .svg, .pdf)."),
    ] = None,
    beam_size: Annotated[
        int | None,
        typer.Option(
            "--beam-size",
            "--beam",
            min=1,
            help="Beams of the SavedModel's signatures `beam` and `beam_options` (4 if not given), "
            "and of `translate` in the .tflite file (1 if not given).",
        ),
    ] = None,
    n_best: Annotated[
        int | None,
        typer.Option(
            "--n-best",
            min=1,
            help="Results of `beam` for each text, at most --beam; as many if not given.",
        ),
    ] = None,
    beam_inputs: Annotated[
        str | None,
        typer.Option(
            help='Options that requests to `beam_options` give ("length_penalty,max_length" if not '
            f'given; "" for no such signature), of: {_BEAM_INPUTS}.'
        ),
    ] = None,
    replace_unknown: Annotated[
        bool,
        typer.Option(
            "--replace-unknown",
            help="The SavedModel writes the most attended source token for <unk>.",
        ),
    ] = False,
    steps: Annotated[
        bool,
        typer.Option(
            "--steps", help="Also signatures `encode` and `decode_step`, without batching."
        ),
    ] = False,
    check_on: Annotated[
        Path | None,
        typer.Option(
            help="File of source lines to compare model and artefacts on; by default some that the "
            "run was validated on."
        ),
    ] = None,
    verify: Annotated[
        str | None,
        typer.Option(
            metavar="fast|full",
            callback=_check_level,
            help="Checks of the SavedModel: fast if not given; full on more texts, and in a "
            "process without Python.",
        ),
    ] = None,
) -> None:
    """Writes a SavedModel, a kit to serve it, a .tflite file, and compares them with the model."""
    of_served = {
        "--n-best": n_best,
        "--beam-inputs": beam_inputs,
        "--replace-unknown": replace_unknown or None,
        "--steps": steps or None,
        "--verify": verify,
    }
    of_kit = {"--name": name, "--license": license, "--scores": scores}
    of_formats = {
        "--max-bleu-loss": max_bleu_loss,
        "--judged-pairs": judged_pairs,
        "--report": report or None,
        "--report-picture": report_picture,
    }
    _check_flags(saved_model, serving, tflite, text, of_served, of_kit)
    if signatures is not None and tflite is None:
        raise ValueError("--signatures is about the .tflite file: give --tflite FILE.")
    _check_quantization(tflite, quantize, of_formats)
    _check_beams(beam_size or 4, n_best)
    found_scores = None if scores is None else _read_scores(scores)
    from keras_seq2seq import export
    from keras_seq2seq.export.keras_artefact import KerasArtefact
    from keras_seq2seq.export.tflite import check_text_is_possible

    artefact = export.open_artefact(model)
    if not isinstance(artefact, KerasArtefact):
        raise ValueError(
            f"{model} is a {artefact.kind}; only a run or .keras file can be exported."
        )
    if text:
        check_text_is_possible(artefact.model)  # before anything is written
    sample, references = _pairs(model, check_on)
    inputs = {} if beam_inputs is None else {"beam_inputs": _names(beam_inputs)}
    options: dict[str, Any] = {
        **{"beam_size": beam_size or 4, "num_return": n_best, "replace_unknown": replace_unknown},
        **{"steps": steps, "verify": verify or "fast", **inputs},
    }
    if saved_model is not None:
        with err.status("Writing and comparing the SavedModel"):
            written = export.saved_model(artefact.model, saved_model, sample, **options)
        print(written)
    if serving is not None:
        with err.status("Writing and comparing what TensorFlow Serving needs"):
            run = run_of(model)
            kit = export.serving_kit(
                artefact.model,
                serving,
                name=name,
                run=run and run.path,
                license=license,
                sample=sample,
                references=references,
                scores=found_scores,
                **options,
            )
        for path in kit.kept:
            say(f"{path} was edited and stays as it is")
        print(kit.version)
    if tflite is not None:
        search: dict[str, Any] = {"beam_size": beam_size} if beam_size and beam_size > 1 else {}
        of_ids = {} if signatures is None else {"signatures": _names(signatures)}
        judged = _validation(
            model, quantize, any(x is not None for x in of_formats.values()), judged_pairs or 1000
        )
        with _watching(judged) as watched:
            loss = 0.3 if max_bleu_loss is None else max_bleu_loss
            formats: dict[str, Any] = {"quantize": quantize or "none", "max_bleu_loss": loss}
            formats |= {**of_ids, **watched, **search}
            made = export.tflite(artefact.model, tflite, sample=sample, **formats)
        if judged is not None:
            _tell(tflite, report, report_picture)
        print(made)
        if text:
            text_file = tflite.with_suffix(".text.tflite")
            with err.status("Converting and comparing the .tflite file of text"):
                print(export.tflite(artefact.model, text_file, text=True, sample=sample, **search))


def _check_quantization(
    tflite: Path | None, quantize: str | None, of_formats: dict[str, Any]
) -> None:
    """Refuses what cannot be done before TensorFlow is loaded."""
    given = [flag for flag, value in of_formats.items() if value is not None]
    if quantize is None and given:
        raise ValueError(f"{given[0]} is about formats: give --quantize auto, or one of them.")
    if quantize is None:
        return
    if tflite is None:
        raise ValueError("--quantize is about the .tflite file: give --tflite FILE.")
    from keras_seq2seq.export.quantization.format_names import check_format

    check_format(quantize)
    picture = of_formats["--report-picture"]
    if picture is not None and picture.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ValueError(f"--report-picture {picture} needs the ending .png, .svg or .pdf.")


def _validation(
    model: Path, quantize: str | None, needed: bool, most: int
) -> tuple[list[str], list[str]] | None:
    """Sources and references to judge formats on: some of all that the run was validated on."""
    if quantize in (None, "none"):
        return None
    try:
        pairs = validation_pairs(model)
    except (ValueError, OSError) as error:
        if needed or quantize == "auto":
            raise ValueError(f"Formats cannot be judged: {error}") from None
        say(f"warning: {quantize} was not judged: {error}")
        return None
    step = -(-len(pairs) // most)  # they may be sorted
    return pairs.sources[::step], pairs.targets[::step]


@contextlib.contextmanager
def _watching(judged: tuple[list[str], list[str]] | None) -> Iterator[dict[str, Any]]:
    """Arguments for judging and for a bar that shows it; a spinner where nothing is judged."""
    if judged is None:
        with err.status("Converting and comparing the .tflite file"):
            yield {}
    else:
        with progress_of("comparing formats", len(judged[0])) as progress:
            yield {"validation": judged, "progress": progress}


def _tell(file: Path, report: bool, picture: Path | None) -> None:
    from keras_seq2seq.cli.screen.format_table import format_table
    from keras_seq2seq.export import QuantizationReport, plot_formats

    found = QuantizationReport.read(file)
    err.print(format_table(found))
    for name, reason in found.refused.items():
        say(f"{name}: {reason}")
    if report:
        with replacing(Path(f"{file}.report.json")) as temporary:
            text = json.dumps(found.to_dict(), ensure_ascii=False, indent=1) + "\n"
            temporary.write_text(text, "utf-8")
    if picture is not None:
        plot_formats(found, picture)


def _check_beams(beam_size: int, n_best: int | None) -> None:
    if (n_best or 1) > beam_size:
        raise ValueError(f"--n-best {n_best} results need --beam {n_best}, got {beam_size}.")


def _check_flags(
    saved_model: Path | None,
    serving: Path | None,
    tflite: Path | None,
    text: bool,
    of_served: dict[str, Any],
    of_kit: dict[str, Any],
) -> None:
    """Refuses flags that have nothing to act on, before TensorFlow is loaded."""
    if saved_model is None and serving is None and tflite is None:
        raise ValueError(
            "Nothing to export: give --saved-model DIRECTORY, --serving DIRECTORY, --tflite FILE, "
            "or several of them."
        )
    if text and tflite is None:
        raise ValueError("--text adds a text version beside the .tflite file: give --tflite FILE.")
    if tflite is not None and tflite.suffix != ".tflite":
        raise ValueError(f"--tflite {tflite} must end in .tflite.")
    given = [flag for flag, value in of_served.items() if value is not None]
    if given and saved_model is None and serving is None:
        raise ValueError(
            f"{given[0]} is about the SavedModel: give --saved-model or --serving DIRECTORY."
        )
    given = [flag for flag, value in of_kit.items() if value is not None]
    if given and serving is None:
        raise ValueError(f"{given[0]} is about what is served: give --serving DIRECTORY.")


def _read_scores(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"--scores {path} cannot be read: {error}.") from None
    except (ValueError, RecursionError):  # no JSON, or no text
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"--scores {path} is not what `evaluate --json` prints.")
    return found


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _pairs(model: Path, check_on: Path | None) -> tuple[list[str] | None, list[str]]:
    """Sources to compare on, and references: of a file, of the run's validation, or neither."""
    if check_on is not None:
        lines = [line for line in read_lines(str(check_on)) if line.strip()]
        if not lines:
            raise ValueError(f"--check-on {check_on} holds blank lines only: give it sentences.")
        return lines[:_MOST_COMPARED], []
    try:
        pairs = pairs_to_score([model]).pairs
    except (ValueError, OSError):  # no run, or its corpus is not here: random texts will do
        return None, []
    return pairs.sources[:_COMPARED], pairs.targets[:_COMPARED]


def inspect(model: ModelArgument, as_json: AsJson = False) -> None:
    """Shows what a model is made of."""
    from keras_seq2seq.export import open_artefact
    from keras_seq2seq.export.saved_model_artefact import UNCHECKED

    artefact = open_artefact(model, to_run=False)
    facts = {"kind": artefact.kind, "path": artefact.path, "bytes": artefact.size_bytes()}
    facts |= artefact.describe()
    if artefact.kind == "saved_model" and "format" not in facts:
        say(f"{artefact.path}: {UNCHECKED}")
    if as_json:
        return print_json(facts)
    table = Table(title=str(model), show_header=False)
    for name, value in facts.items():
        table.add_row(name, escape(_readable(value)))
    out.print(table)


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_readable(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(_readable, value))
    return f"{value:,}" if type(value) is int else str(value)
