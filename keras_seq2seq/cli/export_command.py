"""`keras-seq2seq export`."""

from __future__ import annotations

from pathlib import Path

from keras_seq2seq.cli.terminal import err


def run(
    model: Path, saved_model: Path | None, tflite: Path | None, text: bool, beam_size: int | None
) -> None:
    """Exports a Keras model; each artefact is reloaded and compared before it is kept."""
    if saved_model is None and tflite is None:
        raise ValueError("Nothing to export: give --saved-model DIRECTORY, --tflite FILE, or both.")
    if text and tflite is None:
        raise ValueError("--text adds a text version beside the .tflite file: give --tflite FILE.")
    if tflite is not None and tflite.suffix != ".tflite":
        raise ValueError(f"--tflite {tflite} must end in .tflite.")
    from keras_seq2seq import export
    from keras_seq2seq.export.tflite import check_text_is_possible

    artefact = export.open_artefact(model)
    if artefact.kind != "keras":
        raise ValueError(
            f"{model} is a {artefact.kind}; only a run or .keras file can be exported."
        )
    if text:
        check_text_is_possible(artefact.model)  # before anything is written
    search = {"beam_size": beam_size} if beam_size and beam_size > 1 else {}
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
