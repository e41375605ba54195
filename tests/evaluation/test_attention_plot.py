import importlib.util
import unicodedata
import warnings

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_seq2seq.evaluation import attention_plot
from keras_seq2seq.evaluation.attention_plot import korean_font, plot_attention

SOURCE = ["▁저는", "▁학생", "이에요", ".", "</s>"]
TARGET = ["▁I", "▁am", "▁a", "▁student", ".", "</s>"]
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(5), 6).astype("float32")  # [T, S]


def tick_labels(figure, axis):
    axes = figure.axes[0]
    return axes.get_xticklabels() if axis == "x" else axes.get_yticklabels()


def texts(figure, axis):
    return [label.get_text() for label in tick_labels(figure, axis)]


@pytest.fixture(autouse=True)
def _forget_font():
    korean_font.cache_clear()
    yield
    korean_font.cache_clear()


@pytest.fixture
def no_font(monkeypatch):
    monkeypatch.setattr(attention_plot, "korean_font", lambda: None)


@pytest.fixture
def some_font(monkeypatch):
    monkeypatch.setattr(attention_plot, "korean_font", lambda: "DejaVu Sans")


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def write_font(path, characters):
    """Writes a font that has an empty glyph for each of the characters."""
    names = [".notdef", *(f"uni{ord(c):04X}" for c in characters)]
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f"uni{ord(c):04X}" for c in characters})
    builder.setupGlyf({name: TTGlyphPen(None).glyph() for name in names})
    builder.setupHorizontalMetrics({name: (500, 0) for name in names})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return font_manager.FontEntry(fname=str(path), name=path.stem)


def test_rows_are_target_tokens_and_columns_source_tokens(some_font):
    figure = plot_attention(WEIGHTS, TARGET, SOURCE)
    assert texts(figure, "y") == TARGET
    assert texts(figure, "x") == SOURCE
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), WEIGHTS)


def test_every_label_lies_inside_the_picture(no_font):
    figure = plot_attention(WEIGHTS, ["▁" + "long" * 5, *TARGET[1:]], ["w" * 20] * 5)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    inside = figure.bbox
    for label in (*tick_labels(figure, "x"), *tick_labels(figure, "y")):
        box = label.get_window_extent()
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1, label.get_text()
        assert inside.y0 <= box.y0 and box.y1 <= inside.y1, label.get_text()


def test_decomposed_tokens_are_composed_and_spaces_are_seen(some_font):
    tokens = [unicodedata.normalize("NFD", "물"), " "]
    figure = plot_attention(np.eye(2), tokens, tokens)
    assert texts(figure, "x") == ["물", "\u2423"]


def test_dollars_are_no_formula(some_font, tmp_path):
    plot_attention(np.eye(2), ["$x^$", r"$\frac$"], ["$", "$$"], tmp_path / "dollars.png")


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_file_is_written_and_nothing_else(some_font, tmp_path, ending, start):
    path = tmp_path / "pictures" / f"attention.{ending}"
    plot_attention(WEIGHTS, TARGET, list("abcde"), path)
    assert path.read_bytes().startswith(start)
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_picture_leaves_the_old_file(some_font, tmp_path):
    path = tmp_path / "attention.nonsense"
    path.write_text("old")
    with pytest.raises(ValueError, match="nonsense"):
        plot_attention(WEIGHTS, TARGET, list("abcde"), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_axes_of_another_figure_are_used(some_font):
    figure = Figure()
    axes = figure.add_subplot()
    assert plot_attention(WEIGHTS, TARGET, SOURCE, axes) is figure
    assert texts(figure, "y") == TARGET
    assert axes.images


@pytest.mark.parametrize(
    ("weights", "target", "source"),
    [
        (WEIGHTS.T, TARGET, SOURCE),
        (WEIGHTS[0], TARGET[:1], SOURCE),
        (np.zeros([0, 5]), [], SOURCE),
    ],
)
def test_tokens_must_fit_the_weights(weights, target, source):
    with pytest.raises(ValueError, match="weights of shape"):
        plot_attention(weights, target, source)


def test_without_a_font_korean_is_romanised_and_it_is_said(no_font):
    with pytest.warns(UserWarning, match=r"keras-seq2seq\[notebook\]"):
        figure = plot_attention(WEIGHTS, TARGET, SOURCE)
    assert texts(figure, "x") == ["▁jeoneun", "▁haksaeng", "ieyo", ".", "</s>"]


def test_without_a_font_other_languages_are_not_warned_about(no_font):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_attention(WEIGHTS, TARGET, ["ein", "Schüler", "bin", "ich", "</s>"])


def test_a_font_with_hangul_is_found_and_one_without_is_not(no_package, monkeypatch, tmp_path):
    latin = write_font(tmp_path / "Latin.ttf", "abc")
    korean = write_font(tmp_path / "Zzz Gothic.ttf", "a가힣")
    gone = font_manager.FontEntry(fname=str(tmp_path / "gone.ttf"), name="Gone")
    boxes = font_manager.FontEntry(fname=korean.fname, name="Last Resort High-Efficiency")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [latin, gone, boxes])
    assert korean_font() is None
    korean_font.cache_clear()
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [latin, gone, boxes, korean])
    assert korean_font() == "Zzz Gothic"


def test_well_known_fonts_come_first(no_package, monkeypatch, tmp_path):
    fonts = [write_font(tmp_path / f"{name}.ttf", "가힣") for name in ("Aaa", "NanumGothic")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
    assert korean_font() == "NanumGothic"


def test_every_letter_has_a_glyph(tmp_path):
    if korean_font() is None:
        pytest.skip("this machine has no Korean font")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib warns of missing glyphs
        plot_attention(WEIGHTS, TARGET, SOURCE, tmp_path / "attention.png")
