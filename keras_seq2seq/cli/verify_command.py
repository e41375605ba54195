"""`keras-seq2seq verify`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_seq2seq.cli.arguments import existing
from keras_seq2seq.cli.terminal import say


def run(
    file: Annotated[
        Path, typer.Argument(help="A .tflite file, its manifest beside it.", callback=existing)
    ],
) -> None:
    """Replays the golden cases of a .tflite file; exit code 1, and the first, where one differs."""
    from keras_seq2seq.export.on_device.seq2seq_lite import LiteError, Translator

    if file.suffix != ".tflite":
        raise ValueError(
            f"{file} is no .tflite file, and nothing else has golden cases: make one by "
            "`keras-seq2seq export RUN --tflite FILE.tflite`."
        )
    translator = Translator(file)
    try:
        count = translator.verify()
    except LiteError as error:
        say(f"{file}: {error}")
        raise typer.Exit(1) from None
    print(f"{file}: {count} golden cases hold.")
