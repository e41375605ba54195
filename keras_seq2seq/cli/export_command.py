"""`keras-seq2seq export` and `keras-seq2seq inspect`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from keras_seq2seq.cli.arguments import AsJson, ModelArgument
from keras_seq2seq.cli.terminal import err, out, print_json
from keras_seq2seq.data.text_lines import read_lines
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score

_COMPARED = 16  # texts of the run
_MOST_COMPARED = 2048  # texts of a file


def run(
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
            help="Beams of the SavedModel's signatures `beam` and `beam_options` (4 if not given), "
            "and of the .tflite file's only search (1 if not given).",
        ),
    ] = None,
    n_best: Annotated[
        int | None,
        typer.Option(
            "--n-best", min=1, help="Results of `beam` for each text; all beams by default."
        ),
    ] = None,
    beam_inputs: Annotated[
        str | None,
        typer.Option(
            help="Options that requests to `beam_options` give, as "
            '"length_penalty,max_length"; "" for no such signature.'
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
        typer.Option(help="Checks of the SavedModel: fast, the default, or full, which is slower."),
    ] = None,
) -> None:
    """Writes a SavedModel and a .tflite file, and compares both with the model."""
    of_served = {
        "--n-best": n_best,
        "--beam-inputs": beam_inputs,
        "--replace-unknown": replace_unknown or None,
        "--steps": steps or None,
        "--verify": verify,
    }
    _check_flags(saved_model, tflite, text, of_served)
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
    sample = _sources(model, check_on)
    if saved_model is not None:
        with err.status("Writing and comparing the SavedModel"):
            inputs = {} if beam_inputs is None else {"beam_inputs": _names(beam_inputs)}
            written = export.saved_model(
                artefact.model,
                saved_model,
                sample,
                beam_size=beam_size or 4,
                num_return=n_best,
                replace_unknown=replace_unknown,
                steps=steps,
                verify=verify or "fast",
                **inputs,
            )
        print(written)
    if tflite is not None:
        search: dict[str, Any] = {"beam_size": beam_size} if beam_size and beam_size > 1 else {}
        with err.status("Converting and comparing the .tflite file"):
            print(export.tflite(artefact.model, tflite, sample=sample, **search))
            if text:
                text_file = tflite.with_suffix(".text.tflite")
                print(export.tflite(artefact.model, text_file, text=True, sample=sample, **search))


def _check_flags(
    saved_model: Path | None, tflite: Path | None, text: bool, of_served: dict[str, Any]
) -> None:
    """Refuses flags that have nothing to act on, before TensorFlow is loaded."""
    if saved_model is None and tflite is None:
        raise ValueError("Nothing to export: give --saved-model DIRECTORY, --tflite FILE, or both.")
    if text and tflite is None:
        raise ValueError("--text adds a text version beside the .tflite file: give --tflite FILE.")
    if tflite is not None and tflite.suffix != ".tflite":
        raise ValueError(f"--tflite {tflite} must end in .tflite.")
    given = [flag for flag, value in of_served.items() if value is not None]
    if given and saved_model is None:
        raise ValueError(f"{given[0]} is about the SavedModel: give --saved-model DIRECTORY.")


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _sources(model: Path, check_on: Path | None) -> list[str] | None:
    """Sources to compare on: of a file, of the run's validation, or `None` without either."""
    if check_on is not None:
        return read_lines(str(check_on))[:_MOST_COMPARED]
    try:
        return pairs_to_score([model]).pairs.sources[:_COMPARED]
    except (ValueError, OSError):  # no run, or its corpus is not here: random texts will do
        return None


def inspect(model: ModelArgument, as_json: AsJson = False) -> None:
    """Shows what a model is made of."""
    from keras_seq2seq.export import open_artefact

    artefact = open_artefact(model, to_run=False)
    facts = {"kind": artefact.kind, "path": artefact.path, "bytes": artefact.size_bytes()}
    facts |= artefact.describe()
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
