"""Figures on disk."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from keras_seq2seq.atomic_file import FilePath, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def saved(figure: Figure, path: FilePath | None) -> Figure:
    """Writes a figure, whole or not at all, where there is a path; its ending says the format."""
    if path is not None:
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=150)
    return figure
