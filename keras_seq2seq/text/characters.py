"""Classes of characters, written as both Python's `re` and RE2 read them; needs no TensorFlow."""

import functools
import re
import unicodedata
from collections.abc import Iterable

# The Unicode property White_Space: 25 code points. `str.isspace` has four more (U+001C..U+001F)
# and RE2's `\s` five only, so that the class is spelled out.
WHITE_SPACE = "\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
WHITE_SPACE_RUN = re.compile(f"[{WHITE_SPACE}]+")

# What nobody sees and no word needs: controls, soft hyphen, grapheme joiner, zero-width space,
# marks of direction, word joiner, invisible operators, Hangul fillers of old encodings, byte order
# mark, and marks of annotations, shorthand, music and language.
INVISIBLE = (
    r"\x00-\x08\x0e-\x1f\x7f" + "\u0080-\u0084\u0086-\u009f\u00ad\u034f\u061c\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
)
# What makes another sign of its neighbours: ZWNJ and ZWJ, variation selectors, fillers of jamo,
# Khmer and Mongolian vowels, tags of flags. They stay, but by themselves they are no text.
UNSEEN = (
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\ufe00-\ufe0f"
    "\U000e0020-\U000e007f\U000e0100-\U000e01ef"
)
# What joins the character before it, though it is no combining mark: Hangul vowels and final
# consonants, and what is invisible where this goes.
JOINING = {False: "\u1160-\u11ff", True: "\u1160-\u11ff" + INVISIBLE}
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LAST_MARK = 0x1FFFF  # no combining mark comes behind


def replace_surrogates(text: str) -> str:
    """Replaces lone surrogates, which no UTF-8 can hold, by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def drop_invisible_python(text: str) -> str:
    """Drops the characters of `INVISIBLE`."""
    return _INVISIBLE.sub("", text)


def is_blank(text: str) -> bool:
    """Whether a text is empty or white space alone."""
    return not text or WHITE_SPACE_RUN.fullmatch(text) is not None


@functools.cache
def combining_marks() -> tuple[int, ...]:
    """Code points that the Unicode forms put in order behind a letter."""
    return tuple(c for c in range(0x300, _LAST_MARK) if unicodedata.combining(chr(c)))


def character_class(codes: Iterable[int]) -> str:
    """Code points as the inside of a class of a regular expression.

    >>> character_class(map(ord, "abcx"))
    '\\\\U00000061-\\\\U00000063\\\\U00000078-\\\\U00000078'
    """
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges)


@functools.cache
def code_points(inside: str) -> tuple[int, ...]:
    r"""The code points, sorted, of what stands in a class of a regular expression.

    >>> code_points(r"\x00-\x02a-c")
    (0, 1, 2, 97, 98, 99)
    """
    inside = re.sub(r"\\x(..)", lambda found: chr(int(found[1], 16)), inside)
    ranges = re.findall("(?s)(.)(?:-(.))?", inside)
    return tuple(sorted(c for a, z in ranges for c in range(ord(a), ord(z or a) + 1)))
