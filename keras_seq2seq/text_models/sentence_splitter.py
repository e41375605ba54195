"""Cuts long text where a reader would pause."""

import re
from collections.abc import Callable, Iterator

Span = tuple[int, int]

# Behind the end of a sentence, its closing quotes and brackets, and white space. Ideographic
# full stops need no space behind them.
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])[”’」』）]*\s*|\n+")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+|(?<=[，、；：])\s*")
_WORD = re.compile(r"\s+")


def split_long_text(text: str, fits: Callable[[str], bool]) -> list[Span]:
    """Cuts a text that does not fit into its sentences, each a part, and long ones further.

    A sentence that does not fit is cut at clauses, and a clause at words, into as few parts as a
    greedy reading finds. A word that does not fit stays as it is.

    Returns:
        list of (start, end): the parts `text[start:end]`, without the white space between them.

    Example:

    >>> parts = split_long_text("One two. Three. Four!", lambda part: len(part) <= 15)
    >>> ["One two. Three. Four!"[start:end] for start, end in parts]
    ['One two.', 'Three.', 'Four!']
    """
    return _split(text, 0, len(text), fits, (_SENTENCE, _CLAUSE, _WORD))


def _split(
    text: str, start: int, end: int, fits: Callable[[str], bool], breaks: tuple[re.Pattern, ...]
) -> list[Span]:
    if fits(text[start:end]) or not breaks:
        return [(start, end)] if text[start:end].strip() else []
    parts = []
    for left, right in _pieces(text, start, end, breaks[0]):
        if parts and breaks[0] is not _SENTENCE and fits(text[parts[-1][0] : right]):
            parts[-1] = (parts[-1][0], right)
        else:
            parts += _split(text, left, right, fits, breaks[1:])
    return parts


def _pieces(text: str, start: int, end: int, pattern: re.Pattern) -> Iterator[Span]:
    """The stretches between the places that a pattern finds; quotes stay with what they close."""
    breaks = [
        (found.start() + len(found[0].rstrip()), found.end())
        for found in pattern.finditer(text, start, end)
    ]
    for right, following in [*breaks, (end, end)]:
        if text[start:right].strip():
            yield start, right
        start = following
