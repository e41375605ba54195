"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def existing(path: Path) -> Path:
    """Told at once, not after the seconds that TensorFlow takes to load."""
    if not path.exists():
        raise ValueError(f"{path} does not exist.")
    return path


def all_existing(paths: list[Path]) -> list[Path]:
    """The same for several."""
    return [existing(path) for path in paths]


ModelArgument = Annotated[
    Path,
    typer.Argument(
        help="A run directory, .keras file, SavedModel directory or .tflite file.",
        callback=existing,
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
Ensemble = Annotated[
    list[Path] | None,
    typer.Option(help="A further model of the same vocabulary, to decode with as one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
