import importlib.util
import unicodedata
import warnings

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager, pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_seq2seq.evaluation import fonts
from keras_seq2seq.evaluation.attention_plot import attention_figure, plot_attention
from keras_seq2seq.evaluation.curves_plot import plot_curves
from keras_seq2seq.evaluation.error_plot import plot_error_report
from keras_seq2seq.evaluation.error_report import make_error_report
from keras_seq2seq.evaluation.fonts import forget_fonts, korean_font, readable
from keras_seq2seq.evaluation.run_curves import RunCurves

SOURCE = ["▁저는", "▁학생", "이에요", ".", "</s>"]
TARGET = ["▁I", "▁am", "▁a", "▁student", ".", "</s>"]
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(5), 6).astype("float32")  # [T, S]


def tick_labels(figure, axis):
    axes = figure.axes[0]
    return axes.get_xticklabels() if axis == "x" else axes.get_yticklabels()


def texts(figure, axis):
    return [label.get_text() for label in tick_labels(figure, axis)]


@pytest.fixture(autouse=True)
def _forget_fonts():
    forget_fonts()
    yield
    forget_fonts()
    pyplot.close("all")


@pytest.fixture
def no_font(monkeypatch):
    monkeypatch.setattr(fonts, "_candidates", lambda script: iter(()))


@pytest.fixture
def some_font(monkeypatch, tmp_path_factory):
    """A font with all that the tests write."""
    letters = sorted(set("".join(SOURCE + TARGET)) | set("물"))
    font = write_font(tmp_path_factory.mktemp("fonts") / "Some.ttf", "".join(letters))
    monkeypatch.setattr(fonts, "_candidates", lambda script: iter([font.fname]))
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist])


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])


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


def test_without_a_font_korean_is_romanised_and_it_is_said_once(no_font):
    with pytest.warns(UserWarning, match="pip install pylopdf-fonts-ko`") as told:
        for _ in range(3):  # as epoch after epoch
            figure = plot_attention(WEIGHTS, TARGET, SOURCE)
            lone = plot_attention(np.eye(2), ["ㅋ", "\u1106"], ["\u116e\u11af", "\u11bc"])
    assert texts(figure, "x") == ["▁jeoneun", "▁haksaeng", "ieyo", ".", "</s>"]
    assert texts(lone, "y") == ["k", "m"] and texts(lone, "x") == ["ur", "ng"]
    assert len(told) == 1 and told[0].filename == __file__


@pytest.mark.parametrize(
    ("tokens", "script", "package"),
    [
        (["水を", "飲む"], "Japanese", "pylopdf-fonts-jp"),
        (["喝", "水"], "Chinese", "pylopdf-fonts-zh-cn"),
        (["पानी", "पी"], "Devanagari", "pylopdf-fonts-hi"),
        (["ดื่ม", "น้ำ"], "Thai", "pylopdf-fonts-th"),
        (["நீர்", "குடி"], "Tamil", None),
    ],
)
def test_a_script_without_a_font_is_named_once_and_no_glyph_is_missing(
    no_font, tmp_path, tokens, script, package
):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            figure = plot_attention(np.eye(2), tokens, ["a", "b"], tmp_path / "a.png")
    [message] = [str(warning.message) for warning in told]
    assert script in message and (package or "noto") in message
    assert "keras-seq2seq[" not in message  # it is no name of PyPI
    assert {*"".join(texts(figure, "y"))} == {"\u25a1"}


def test_scripts_that_lack_are_told_together_and_each_once(no_font):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        readable(["น้ำ", "पानी"]), readable(["पानी", "물"]), readable(["물", "น้ำ"])
    messages = [str(warning.message).split(" letters")[0] for warning in told]
    assert messages == ["No font with Devanagari and Thai", "No font with Korean"]


def test_chinese_characters_take_the_font_of_the_letters_beside_them(
    no_package, monkeypatch, tmp_path
):
    names = {"Noto Sans KR": "가水", "Noto Sans JP": "のノ水", "Noto Sans SC": "水们"}
    found = [write_font(tmp_path / f"{name}.ttf", letters) for name, letters in names.items()]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", found)
    monkeypatch.setattr(fonts, "_letters_of_base", lambda: set("abc"))
    for text, font in (("가水", "KR"), ("の水", "JP"), ("ノ水", "JP"), ("水们", "SC")):
        forget_fonts()
        assert readable([text]) == ([text], ["DejaVu Sans", f"Noto Sans {font}"])


def test_a_font_that_was_installed_since_is_found(no_package, monkeypatch, tmp_path):
    new = write_font(tmp_path / "New.ttf", "水")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [new.fname])
    monkeypatch.setattr(fonts, "_letters_of_base", lambda: set("abc"))
    assert readable(["水"]) == (["水"], ["DejaVu Sans", "New"])
    assert [font.name for font in font_manager.fontManager.ttflist] == ["New"]


def test_letters_that_no_one_font_has_come_from_several(no_package, monkeypatch, tmp_path):
    files = [("A", "ก"), ("B", "ขค"), ("C", "ข")]
    found = [write_font(tmp_path / f"{name}.ttf", letters) for name, letters in files]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", found)
    monkeypatch.setattr(fonts, "_letters_of_base", lambda: set("abc"))
    with pytest.warns(UserWarning, match="Thai"):
        labels, families = readable(["กขค", "ง"])
    assert labels == ["กขค", "\u25a1"] and families == ["DejaVu Sans", "A", "B"]


def test_what_has_no_picture_is_written_as_an_escape():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert readable(["a\nb", "\u200d", "\ud800"])[0] == ["a\\nb", "\\u200d", "\\ud800"]


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
    forget_fonts()
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


# === In pyplot and notebooks ===


def test_pyplot_knows_a_figure_that_went_to_no_file(tmp_path):
    report = make_error_report(["a b", "c"] * 3, ["x", "c"] * 3, ["a", "c"] * 3)
    for draw in (
        lambda *path: plot_attention(WEIGHTS, TARGET, list("abcde"), *path),
        lambda *path: plot_error_report(report, *path),
        lambda *path: plot_curves([RunCurves("run", [1, 2], {"loss": [2.0, 1.0]})], *path),
    ):
        figure = draw()
        assert pyplot.gcf() is figure and pyplot.get_fignums()
        pyplot.savefig(tmp_path / "by_pyplot.png", dpi=150)
        picture = pyplot.imread(tmp_path / "by_pyplot.png")
        assert picture.min() < 0.2  # something is drawn
        pyplot.close("all")
        draw(tmp_path / "by_us.png")
        assert not pyplot.get_fignums()
        np.testing.assert_array_equal(picture, pyplot.imread(tmp_path / "by_us.png"))


def test_a_picture_of_a_program_is_unknown_to_pyplot():
    attention_figure(WEIGHTS, TARGET, list("abcde"))
    assert not pyplot.get_fignums()


def test_a_notebook_shows_a_figure_once(tmp_path):
    nbformat, nbclient = map(pytest.importorskip, ("nbformat", "nbclient"))
    begin = (
        "import os; from keras_seq2seq.evaluation import plot_attention\n"
        "from matplotlib import pyplot as plt\n"
        "plot = lambda: plot_attention([[0.9, 0.1]], ['a'], ['b', 'c'])"
    )
    cells = [
        *("plot()", "figure = plot()", "plot();", "display(plot())", "plot(); plt.show()"),
        *(
            "figure",
            "figure = plot(); plt.savefig('a.png'); print(os.stat('a.png').st_size > 3000)",
        ),
        "figure = plot()\ndisplay(figure); print('after')",
    ]
    notebook = nbformat.v4.new_notebook()
    notebook.cells = list(map(nbformat.v4.new_code_cell, [begin, *cells]))
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()
    for cell in notebook.cells[1:]:
        pictures = [one for one in cell.outputs if "image/png" in one.get("data", {})]
        assert len(pictures) == 1, cell
    assert [one.output_type for one in notebook.cells[-1].outputs] == ["display_data", "stream"]
    assert any(one.get("text") == "True\n" for one in notebook.cells[-2].outputs)
