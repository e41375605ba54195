"""Cuts long text where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Callable

# Behind the end of a sentence, its closing quotes and brackets, and white space. Ideographic
# full stops need no space behind them.
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])[”’」』）]*\s*|\n+")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+|(?<=[，、；：])\s*")
_WORD = re.compile(r"\s+")


def split_long_text(text: str, fits: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Cuts a text that does not fit into its sentences, each a part, and long ones further.

    A sentence that does not fit is cut at clauses, and a clause at words, into as few parts as a
    greedy reading finds. A word that does not fit stays as it is.

    Args:
        text: str.
        fits: callable that says whether a part is short enough.

    Returns:
        list of (start, end): the parts `text[start:end]`, without what is white space between.

    Example:

    >>> parts = split_long_text("One two. Three. Four!", lambda part: len(part) <= 15)
    >>> ["One two. Three. Four!"[start:end] for start, end in parts]
    ['One two.', 'Three.', 'Four!']
    """
    return _split(text, 0, len(text), fits, (_SENTENCE, _CLAUSE, _WORD))


def _split(text, start, end, fits, breaks):
    if fits(text[start:end]) or not breaks:
        return [(start, end)] if text[start:end].strip() else []
    parts = []
    for left, right in _pieces(text, start, end, breaks[0]):
        if parts and breaks[0] is not _SENTENCE and fits(text[parts[-1][0] : right]):
            parts[-1] = (parts[-1][0], right)
        else:
            parts += _split(text, left, right, fits, breaks[1:])
    return parts


def _pieces(text, start, end, pattern):
    """The stretches between the places that a pattern finds; quotes stay with what they close."""
    left = start
    for found in pattern.finditer(text, start, end):
        right = found.start() + len(found[0].rstrip())
        if text[left:right].strip():
            yield left, right
        left = found.end()
    if text[left:end].strip():
        yield left, end
