"""Cuts long text where a reader would pause."""

import bisect
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
    parts, pieces, i = [], list(_pieces(text, start, end, breaks[0])), 0
    while i < len(pieces):
        joined = 0
        if parts and breaks[0] is not _SENTENCE:
            joined = _most_that_fit(text, parts[-1][0], pieces, i, fits)
        if joined:
            parts[-1] = (parts[-1][0], pieces[i + joined - 1][1])
        else:
            parts += _split(text, *pieces[i], fits, breaks[1:])
        i += joined or 1
    return parts


def _most_that_fit(
    text: str, start: int, pieces: list[Span], i: int, fits: Callable[[str], bool]
) -> int:
    """How many pieces, from the i-th on, make a part that fits together with what is before them.

    Twice as many are tried each time, then halves: a text may have a million words.
    """
    count, step = len(pieces) - i, 1

    def too_many(number: int) -> bool:
        return not fits(text[start : pieces[i + number - 1][1]])

    while step <= count and not too_many(step):
        step *= 2
    fitting = step // 2
    rest = range(fitting + 1, min(step, count + 1))  # what is not known yet
    return fitting + bisect.bisect_left(rest, True, key=too_many)


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
