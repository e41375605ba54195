"""Pictures of attention."""

from __future__ import annotations

import functools
import importlib.util
import os
import pathlib
import unicodedata
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.evaluation.romanization import has_hangul, romanize
from keras_seq2seq.evaluation.saved_figure import saved

if TYPE_CHECKING:  # Matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

_INCHES_PER_TOKEN = 0.45
_INCHES_PER_CHARACTER = 0.12  # room for the longest label, at its font size
_NO_FONT = (
    "No font with Korean letters was found, so Korean tokens are shown in Latin letters. "
    "`pip install 'keras-seq2seq[notebook]'` brings one."
)
# Fonts with Hangul that systems carry, the plainest first. Matplotlib knows a collection, as
# Noto Sans CJK is one, by its first name only, which is the Japanese one.
_SYSTEM_FONTS = (
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "NanumGothic",
    "NanumBarunGothic",
    "AppleGothic",
    "Source Han Sans K",
    "UnDotum",
    "Baekmuk Dotum",
    "Droid Sans Fallback",
)


def plot_attention(
    weights: ArrayLike,
    target_tokens: Sequence[str],
    source_tokens: Sequence[str],
    path_or_axes: FilePath | Axes | None = None,
) -> Figure:
    """Draws where a model looked in the source while it wrote the target.

    One row for each target token, one column for each source token; the darker, the larger the
    weight. Where no font with Korean letters is found, Korean tokens are written in Latin ones.

    Args:
        weights: float array [T, S], as `TextSeq2Seq.attention` returns it.
        target_tokens: T strings.
        source_tokens: S strings.
        path_or_axes: File to write (.png, .svg, .pdf), or Matplotlib axes to draw into.

    Raises:
        ValueError: The tokens do not fit the weights, or the file's format is unknown.

    Example:

    >>> figure = plot_attention([[0.9, 0.1], [0.2, 0.8]], ["water", "</s>"], ["mul", "</s>"])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['water', '</s>']
    """
    from matplotlib.figure import Figure

    weights = np.asarray(weights, "float32")
    expected = (len(target_tokens), len(source_tokens))
    if weights.shape != expected or 0 in expected:
        raise ValueError(
            f"plot_attention: {expected[0]} target and {expected[1]} source tokens need weights of "
            f"shape {expected}, at least (1, 1); got {weights.shape}."
        )
    if not isinstance(path_or_axes, str | os.PathLike | None):
        _draw(path_or_axes, weights, target_tokens, source_tokens)
        return cast("Figure", path_or_axes.get_figure())
    height = 1.5 + _INCHES_PER_TOKEN * expected[0] + _label_room(source_tokens)
    width = 2 + _INCHES_PER_TOKEN * expected[1] + _label_room(target_tokens)
    figure = Figure(figsize=(width, height), layout="constrained")
    _draw(figure.add_subplot(), weights, target_tokens, source_tokens)
    return saved(figure, path_or_axes)


@functools.cache
def korean_font() -> str | None:
    """Finds the family of a font with Hangul, if there is one, and tells Matplotlib of it.

    Looks at the package that `keras-seq2seq[notebook]` installs, then at well-known fonts of
    operating systems, then at every font that Matplotlib has found.

    Example: `plt.rcParams["font.family"] = [korean_font() or "sans-serif", "DejaVu Sans"]`
    """
    from matplotlib import font_manager

    spec = importlib.util.find_spec("pylopdf_fonts_ko")
    if spec is not None and spec.submodule_search_locations:
        path = pathlib.Path(spec.submodule_search_locations[0], "NotoSansKR-Regular.otf")
        if path.is_file():
            font_manager.fontManager.addfont(path)
            return font_manager.FontProperties(fname=path).get_name()
    fonts = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    candidates = [*filter(fonts.get, _SYSTEM_FONTS), *sorted(fonts.keys() - _SYSTEM_FONTS)]
    return next((name for name in candidates if _has_hangul_glyphs(name, fonts[name])), None)


def _has_hangul_glyphs(name: str, path: str) -> bool:
    from matplotlib.ft2font import FT2Font

    if name.startswith(("Last Resort", ".LastResort")):  # has boxes for everything
        return False
    try:
        characters = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):  # a font that was removed, or that FreeType cannot read
        return False
    return ord("가") in characters and ord("힣") in characters


def _draw(
    axes: Axes, weights: np.ndarray, target_tokens: Sequence[str], source_tokens: Sequence[str]
) -> None:
    """Draws the weights [T, S] into axes, with a label for each token and a scale."""
    image = axes.imshow(weights, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    fonts = ["DejaVu Sans", *filter(None, [korean_font()])]  # glyph by glyph, the first that can
    # A $ is a token like any other.
    style: dict[str, Any] = {"fontfamily": fonts, "fontsize": 11, "parse_math": False}
    slant: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "ha": "left"}
    axes.set_xticks(range(len(source_tokens)), _labels(source_tokens), **slant, **style)
    axes.set_yticks(range(len(target_tokens)), _labels(target_tokens), **style)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set(xlabel="source token", ylabel="target token")
    axes.xaxis.set_label_position("top")
    cast("Figure", axes.get_figure()).colorbar(image, ax=axes, label="attention weight")


def _label_room(tokens: Sequence[str]) -> float:
    """Inches that the longest label takes; romanised, it is longer than in Hangul."""
    return _INCHES_PER_CHARACTER * max(len(romanize(token)) for token in tokens)


def _labels(tokens: Sequence[str]) -> list[str]:
    """Tokens as one reads them: composed, spaces visible, romanised where no font has them."""
    labels = [unicodedata.normalize("NFC", token).replace(" ", "\u2423") for token in tokens]
    if korean_font() is None and any(map(has_hangul, labels)):
        warnings.warn(_NO_FONT, stacklevel=4)
        return [romanize(label) for label in labels]
    return labels
