"""`keras-seq2seq export` and `keras-seq2seq inspect`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from keras_seq2seq.cli.arguments import AsJson, ModelArgument
from keras_seq2seq.cli.terminal import err, out, print_json


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
            help="Beams of the SavedModel's signature `beam` (4 if not given), and of the .tflite "
            "file's only search (1 if not given).",
        ),
    ] = None,
) -> None:
    """Writes a SavedModel and a .tflite file, and compares both with the model."""
    if saved_model is None and tflite is None:
        raise ValueError("Nothing to export: give --saved-model DIRECTORY, --tflite FILE, or both.")
    if text and tflite is None:
        raise ValueError("--text adds a text version beside the .tflite file: give --tflite FILE.")
    if tflite is not None and tflite.suffix != ".tflite":
        raise ValueError(f"--tflite {tflite} must end in .tflite.")
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
    search: dict[str, Any] = {"beam_size": beam_size} if beam_size and beam_size > 1 else {}
    if saved_model is not None:
        with err.status("Writing and comparing the SavedModel"):
            written = export.saved_model(artefact.model, saved_model, beam_size=beam_size or 4)
        print(written)
    if tflite is not None:
        with err.status("Converting and comparing the .tflite file"):
            print(export.tflite(artefact.model, tflite, **search))
            if text:
                text_file = tflite.with_suffix(".text.tflite")
                print(export.tflite(artefact.model, text_file, text=True, **search))


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
