"""Where the characters of a normalized text come from."""

import dataclasses
import itertools
import re
import unicodedata

from keras_seq2seq.text.normalization import WHITE_SPACE, WHITE_SPACE_RUN, Normalization, is_blank

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
    for starts in (_clusters(text), _words(text)):
        # Each part by itself, with the white space left in it.
        bounds = list(itertools.pairwise([*starts, len(text)]))
        parts = [plain.normalize_python(text[start:end]) for start, end in bounds]
        normalized = "".join(parts)
        spans = [span for span, part in zip(bounds, parts, strict=True) for _ in part]
        if normalization.collapse_whitespace:
            normalized, spans = _collapse(normalized, spans)
        if normalized == expected:
            return normalized, spans
    # A neighbour far away bears on a character: say no more than what is sure.
    return expected, [(0, len(text))] * len(expected)


def _collapse(normalized: str, spans: Spans) -> tuple[str, Spans]:
    """Makes one space of each run of white space, and nothing of those at the ends."""
    runs = re.finditer(f"[{WHITE_SPACE}]+|[^{WHITE_SPACE}]", normalized)
    ends = {0, len(normalized)}
    kept = [run for run in runs if not (is_blank(run[0]) and ends.intersection(run.span()))]
    characters = [" " if is_blank(run[0]) else run[0] for run in kept]
    return "".join(characters), [(spans[r.start()][0], spans[r.end() - 1][1]) for r in kept]


def _clusters(text: str) -> list[int]:
    """Starts at each character that does not join the one before it."""
    # Hangul vowels and final consonants join the letter before them, though they are no marks.
    joins = (unicodedata.combining(c) != 0 or "\u1160" <= c <= "\u11ff" for c in text)
    return [i for i, joined in enumerate(joins) if i == 0 or not joined]


def _words(text: str) -> list[int]:
    """Starts at each run of white space and behind it."""
    edges = (edge for run in WHITE_SPACE_RUN.finditer(text) for edge in run.span())
    return sorted({0, *edges} - {len(text)})
