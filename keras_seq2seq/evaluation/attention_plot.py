"""Pictures of attention."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.evaluation.fonts import readable
from keras_seq2seq.evaluation.saved_figure import new_figure, saved

if TYPE_CHECKING:  # Matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

_INCHES_PER_TOKEN = 0.45
_INCHES_PER_CHARACTER = 0.12  # room for the longest label, at its font size
_INCHES_PER_WIDE_CHARACTER = 0.17  # of Chinese, Japanese and Korean


def plot_attention(
    weights: ArrayLike,
    target_tokens: Sequence[str],
    source_tokens: Sequence[str],
    path_or_axes: FilePath | Axes | None = None,
) -> Figure:
    """Draws where a model looked in the source while it wrote the target.

    One row for each target token, one column for each source token; the darker, the larger the
    weight. Fonts are chosen by the letters of the tokens; where none has them, Korean is written
    in Latin letters, other scripts as boxes, and a warning says once what to install.

    Args:
        weights: float array [T, S], as `TextSeq2Seq.attention` returns it.
        target_tokens: T strings.
        source_tokens: S strings.
        path_or_axes: File to write (.png, .svg, .pdf), or Matplotlib axes to draw into. Without
            it the figure is pyplot's current one, for `plt.show` and `plt.savefig`.

    Raises:
        ValueError: The tokens do not fit the weights, or the file's format is unknown.

    Example:

    >>> figure = plot_attention([[0.9, 0.1], [0.2, 0.8]], ["water", "</s>"], ["mul", "</s>"])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['water', '</s>']
    """
    weights, labels, fonts = _prepared(weights, target_tokens, source_tokens)
    if not isinstance(path_or_axes, str | os.PathLike | None):
        _draw(path_or_axes, weights, labels, fonts)
        return cast("Figure", path_or_axes.get_figure())
    figure = new_figure(path_or_axes, *_size(weights, labels))
    _draw(figure.add_subplot(), weights, labels, fonts)
    return saved(figure, path_or_axes)


def attention_figure(
    weights: ArrayLike, target_tokens: Sequence[str], source_tokens: Sequence[str]
) -> Figure:
    """As `plot_attention`, but unknown to pyplot: for pictures that a program makes by itself."""
    from matplotlib.figure import Figure

    weights, labels, fonts = _prepared(weights, target_tokens, source_tokens)
    figure = Figure(figsize=_size(weights, labels), layout="constrained")
    _draw(figure.add_subplot(), weights, labels, fonts)
    return figure


def _prepared(
    weights: ArrayLike, target_tokens: Sequence[str], source_tokens: Sequence[str]
) -> tuple[np.ndarray, list[str], list[str]]:
    """The weights [T, S], T + S labels and the families of their fonts."""
    weights = np.asarray(weights, "float32")
    expected = (len(target_tokens), len(source_tokens))
    if weights.shape != expected or 0 in expected:
        raise ValueError(
            f"plot_attention: {expected[0]} target and {expected[1]} source tokens need weights of "
            f"shape {expected}, at least (1, 1); got {weights.shape}."
        )
    labels = [token.replace(" ", "\u2423") for token in (*target_tokens, *source_tokens)]
    return weights, *readable(labels)


def _size(weights: np.ndarray, labels: list[str]) -> tuple[float, float]:
    """Width and height in inches."""
    count, width = weights.shape
    return (
        2 + _INCHES_PER_TOKEN * width + _label_room(labels[:count]),
        1.5 + _INCHES_PER_TOKEN * count + _label_room(labels[count:]),
    )


def _draw(axes: Axes, weights: np.ndarray, labels: list[str], fonts: list[str]) -> None:
    """Draws the weights [T, S] into axes, with a label for each token and a scale."""
    targets, sources = labels[: len(weights)], labels[len(weights) :]
    image = axes.imshow(weights, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    # Glyph by glyph, the first font that can. A $ is a token like any other.
    style: dict[str, Any] = {"fontfamily": fonts, "fontsize": 11, "parse_math": False}
    slant: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "ha": "left"}
    axes.set_xticks(range(len(sources)), sources, **slant, **style)
    axes.set_yticks(range(len(targets)), targets, **style)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set(xlabel="source token", ylabel="target token")
    axes.xaxis.set_label_position("top")
    cast("Figure", axes.get_figure()).colorbar(image, ax=axes, label="attention weight")


def _label_room(labels: Sequence[str]) -> float:
    """Inches that the longest label takes."""
    return max(sum(map(_inches, label)) for label in labels)


def _inches(character: str) -> float:
    wide = unicodedata.east_asian_width(character) in "WF"
    return _INCHES_PER_WIDE_CHARACTER if wide else _INCHES_PER_CHARACTER
