"""Fonts that have the letters of a text."""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keras_seq2seq.evaluation.romanization import has_hangul, romanize

_BASE = "DejaVu Sans"  # comes with Matplotlib
_BOX = "\u25a1"  # in the place of a letter that no font has


class Script(NamedTuple):
    """Where letters of a kind are found.

    Attributes:
        package: One of PyPI that holds a font of them.
        families: Fonts of systems that have them, the plainest first.
    """

    package: str
    families: tuple[str, ...]


# Matplotlib may know a collection, as Noto Sans CJK is one, by its first name only: the Japanese.
_SCRIPTS = {
    "Korean": Script(
        "pylopdf-fonts-ko",
        (
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
        ),
    ),
    "Japanese": Script(
        "pylopdf-fonts-jp",
        (
            "Noto Sans JP",
            "Noto Sans CJK JP",
            "Hiragino Sans",
            "Yu Gothic",
            "Meiryo",
            "MS Gothic",
            "IPAexGothic",
            "IPAGothic",
            "TakaoGothic",
            "VL Gothic",
            "Droid Sans Fallback",
        ),
    ),
    "Chinese": Script(
        "pylopdf-fonts-zh-cn",
        (
            "Noto Sans SC",
            "Noto Sans CJK SC",
            "Noto Sans CJK JP",
            "PingFang SC",
            "PingFang HK",
            "Microsoft YaHei",
            "SimHei",
            "Microsoft JhengHei",
            "WenQuanYi Micro Hei",
            "WenQuanYi Zen Hei",
            "Droid Sans Fallback",
        ),
    ),
    "Devanagari": Script(
        "pylopdf-fonts-hi", ("Noto Sans Devanagari", "Lohit Devanagari", "Nirmala UI", "Mangal")
    ),
    "Thai": Script("pylopdf-fonts-th", ("Noto Sans Thai", "Loma", "Leelawadee UI", "Thonburi")),
    "Arabic": Script("pylopdf-fonts-ar", ("Noto Sans Arabic", "Geeza Pro", "Segoe UI")),
    "Hebrew": Script("pylopdf-fonts-he", ("Noto Sans Hebrew", "Arial Hebrew", "Segoe UI")),
}
_found: dict[str, str | None] = {}  # letter -> family, or None where no font has it
_told: set[str] = set()  # scripts that a warning has named


def readable(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Texts as Matplotlib can draw them, and the families of fonts that it takes.

    Letters are composed (NFC), invisible characters written as escapes. Where no font has them,
    Hangul is written in Latin letters, anything else as a box, and a warning says so: once for
    each script in a process.

    >>> readable(["water", "a\\u200bb", "\\u1112\\u1161\\u11ab"])[0][:2]
    ['water', 'a\\\\u200bb']
    """
    texts = ["".join(map(_visible, unicodedata.normalize("NFC", text))) for text in texts]
    letters = set("".join(texts)) - _letters_of_base()
    scripts = {letter: _script_of(letter, letters) for letter in sorted(letters)}
    for script in dict.fromkeys(scripts.values()):
        unknown = {x for x in letters if scripts[x] == script and x not in _found}
        _look_for(script, unknown)
    lost = {letter for letter in letters if _found[letter] is None}
    if lost:
        _tell({scripts[letter] for letter in lost} - _told)
        texts = ["".join(_replaced(c) if c in lost else c for c in text) for text in texts]
    families = (_found[letter] for letter in scripts if letter not in lost)
    return texts, [_BASE, *filter(None, dict.fromkeys(families))]


@functools.cache
def korean_font() -> str | None:
    """Finds the family of a font with Hangul, if there is one, and tells Matplotlib of it.

    Example: `plt.rcParams["font.family"] = [korean_font() or "sans-serif", "DejaVu Sans"]`
    """
    _look_for("Korean", set("가힣"))
    return _found["가"] if _found["힣"] else None


def forget_fonts() -> None:
    """Looks again for fonts, which may have been installed since, and warns again."""
    _found.clear()
    _told.clear()
    korean_font.cache_clear()


def _look_for(script: str, letters: set[str]) -> None:
    """Notes a family for each of the letters: that with most of them, then one for the rest."""
    from matplotlib import font_manager

    known = {font.fname for font in font_manager.fontManager.ttflist}
    while letters:
        best, most = None, set()
        for path in _candidates(script):
            has = letters & _letters_of(path)
            if len(has) > len(most):
                best, most = path, has
            if has == letters:
                break
        family = None
        if best is not None:
            if best not in known:
                font_manager.fontManager.addfont(best)
            family = font_manager.FontProperties(fname=best).get_name()
        _found.update(dict.fromkeys(most or letters, family))
        letters = letters - most if most else set()


def _candidates(script: str) -> Iterator[str]:
    """Font files: of the script's package, of known families, all that there are."""
    from matplotlib import font_manager

    package, families = _SCRIPTS.get(script, ("", ()))
    yield from _files_of(package)
    fonts = sorted((font.name, font.fname) for font in font_manager.fontManager.ttflist)
    first = [f"Noto Sans {script}", *families]
    fonts = [font for font in fonts if "LastResort" not in font[0].replace(" ", "")]  # all boxes
    fonts.sort(key=lambda font: first.index(font[0]) if font[0] in first else len(first))
    yield from (path for _, path in fonts)
    known = {path for _, path in fonts}  # by Matplotlib's list, which is older than new fonts are
    yield from sorted(set(font_manager.findSystemFonts()) - known)
    for other in _SCRIPTS.values():
        yield from _files_of(other.package)


def _files_of(package: str) -> list[str]:
    spec = importlib.util.find_spec(package.replace("-", "_")) if package else None
    folders = (spec and spec.submodule_search_locations) or ()
    return [str(f) for x in folders for f in sorted(pathlib.Path(x).glob("*Sans*.[ot]tf"))]


@functools.lru_cache(maxsize=4)
def _letters_of(path: str) -> frozenset[str]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):  # a font that was removed, or that FreeType cannot read
        return frozenset()


@functools.cache
def _letters_of_base() -> frozenset[str]:
    from matplotlib import font_manager

    return _letters_of(font_manager.findfont(_BASE)) | {"\n"}


def _script_of(letter: str, letters: set[str]) -> str:
    """The script of a letter; that of Chinese characters is told by the letters beside them."""
    kind = unicodedata.name(letter, "").replace("-", " ").split(" ")[0]
    if kind in ("CJK", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH", "BOPOMOFO"):
        names = {unicodedata.name(other, "").replace("-", " ").split(" ")[0] for other in letters}
        kind = next((k for k in ("HIRAGANA", "KATAKANA", "HANGUL") if k in names), "CJK")
    names = {"HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "CJK": "Chinese"}
    if kind in names:
        return names[kind]
    return kind.title() if unicodedata.category(letter)[0] in "LMN" else "other"


def _visible(character: str) -> str:
    """A letter of Hangul as it stands alone, and a character without a picture as its escape."""
    if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029":
        return character.encode("unicode_escape").decode()
    kind, _, letter = unicodedata.name(character, "").removeprefix("HANGUL ").partition(" ")
    if kind in ("CHOSEONG", "JUNGSEONG", "JONGSEONG"):
        try:
            return unicodedata.lookup(f"HANGUL LETTER {letter}")
        except KeyError:  # one of old Korean
            return character
    return character


def _replaced(letter: str) -> str:
    latin = romanize(letter) if has_hangul(letter) else letter
    return latin if latin != letter else _BOX


def _tell(scripts: set[str]) -> None:
    if not scripts:
        return
    _told.update(scripts)
    *names, last = (name.replace("other", "some") for name in sorted(scripts))
    names = f"{', '.join(names)} and {last}" if names else last
    shown = "in Latin letters" if scripts == {"Korean"} else f"as {_BOX}"
    packages = " ".join(_SCRIPTS[name].package for name in sorted(scripts & _SCRIPTS.keys()))
    advice = f"`pip install {packages}` or any" if packages else "Any"
    warnings.warn(
        f"No font with {names} letters was found, so they are shown {shown}. {advice} font that "
        "has them, as those of https://fonts.google.com/noto do, mends it.",
        stacklevel=5,
    )
