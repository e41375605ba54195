"""Figures on disk."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from keras_seq2seq.atomic_file import FilePath, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: Figure, path: FilePath) -> None:
    """Writes a Matplotlib figure, whole or not at all; the ending says the format.

    Args:
        figure: Matplotlib `Figure`.
        path: the file; its directory is made if need be.

    Raises:
        ValueError: if the ending names no format.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)
