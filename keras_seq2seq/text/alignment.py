"""Where the characters of a normalized text come from."""

import dataclasses
import functools
import itertools
import re
from collections.abc import Iterable

from keras_seq2seq.text.characters import (
    JOINING,
    WHITE_SPACE,
    WHITE_SPACE_RUN,
    character_class,
    combining_marks,
)
from keras_seq2seq.text.normalization import Normalization

Spans = list[tuple[int, int]]


def align_python(normalization: Normalization, text: str) -> tuple[str, Spans]:
    """Normalizes a text and says which of its characters became which.

    Returns:
        The normalized text, as `normalize_python` gives it, and a list with (start, end) for each
        of its characters: `text[start:end]` became this character, alone or with others.

    Example:

    >>> align_python(Normalization("NFC"), " e\\u0301  a")
    ('é a', [(1, 3), (3, 5), (5, 6)])
    """
    expected = normalization.normalize_python(text)
    plain = dataclasses.replace(normalization, collapse_whitespace=False)
    normalize = functools.cache(plain.normalize_python)  # long texts say the same again and again
    for starts in (_clusters(text, normalization), _words(text)):
        # Each part by itself, with the white space left in it.
        bounds = list(itertools.pairwise([*starts, len(text)]))
        parts = [normalize(text[start:end]) for start, end in bounds]
        normalized = "".join(parts)
        spans = [span for span, part in zip(bounds, parts, strict=True) for _ in part]
        if normalization.collapse_whitespace:
            normalized, spans = _collapse(normalized, spans)
        if normalized == expected:
            return normalized, spans
    # A neighbour far away bears on a character: say no more than what is sure.
    return expected, [(0, len(text))] * len(expected)


def spans_of_pieces(normalized: str, spans: Spans, lengths: Iterable[int]) -> Spans:
    """The spans of pieces of so many bytes each, from those of the characters."""
    owner = [span for span, c in zip(spans, normalized, strict=True) for _ in c.encode()]
    found, end, last = [], 0, spans[0][0] if spans else 0
    for length in lengths:
        start, end = end, min(end + length, len(owner))
        first, last = (owner[start][0], owner[end - 1][1]) if start < end else (last, last)
        found.append((first, last))
    return found


def _collapse(normalized: str, spans: Spans) -> tuple[str, Spans]:
    """Makes one space of each run of white space, and nothing of those at the ends."""
    texts, kept, end = [], [], 0
    for run in WHITE_SPACE_RUN.finditer(normalized):
        texts.append(normalized[end : run.start()])
        kept += spans[end : run.start()]
        end = run.end()
        if run.start() and end < len(normalized):
            texts.append(" ")
            kept.append((spans[run.start()][0], spans[end - 1][1]))
    return "".join([*texts, normalized[end:]]), kept + spans[end:]


def _clusters(text: str, normalization: Normalization) -> list[int]:
    """Starts at each character that does not join the one before it."""
    space = f"[{WHITE_SPACE}]+|" if normalization.collapse_whitespace else ""
    joining = JOINING[normalization.drop_invisible]
    return [found.start() for found in _cluster(space, joining).finditer(text)]


@functools.cache
def _cluster(space: str, joining: str) -> re.Pattern:
    return re.compile(f"(?s:{space}.)[{character_class(combining_marks())}{joining}]*")


def _words(text: str) -> list[int]:
    """Starts at each run of white space and behind it."""
    edges = (edge for run in WHITE_SPACE_RUN.finditer(text) for edge in run.span())
    return sorted({0, *edges} - {len(text)})
