"""Figures, on disk or in a notebook."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

from keras_seq2seq.atomic_file import FilePath, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(path: FilePath | None, width: float, height: float) -> Figure:
    """A figure of so many inches: for a file; or, without a path, pyplot's current one.

    So `plt.savefig` and `plt.show` find it. Those for files do not heap up in pyplot.
    """
    size: dict[str, Any] = {"figsize": (width, height), "layout": "constrained"}
    if path is not None:
        from matplotlib.figure import Figure

        return Figure(**size)
    from matplotlib import pyplot

    from keras_seq2seq.evaluation.notebook_figure import NotebookFigure

    return pyplot.figure(FigureClass=NotebookFigure, **size)


def saved(figure: Figure, path: FilePath | None) -> Figure:
    """Writes a figure, whole or not at all, where there is a path; its ending says the format."""
    if path is not None:
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=150)
    return figure
