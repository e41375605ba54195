"""Where the characters of a normalized text come from."""

from __future__ import annotations

import unicodedata

from keras_seq2seq.text.normalization import WHITE_SPACE_RUN, Normalization

# Hangul vowels and final consonants join the letter before them, though they are no marks.
_JOINING_JAMO = ("\u1160", "\u11ff")


def align_python(normalization: Normalization, text: str) -> tuple[str, list[tuple[int, int]]]:
    """Normalizes a text and says which of its characters became which.

    Args:
        normalization: `Normalization`.
        text: str.

    Returns:
        The normalized text, as `normalize_python` gives it, and a list with (start, end) for each
        of its characters: `text[start:end]` became this character, alone or with others.

    Example:

    >>> align_python(Normalization("NFC"), " e\\u0301  a")
    ('é a', [(1, 3), (3, 5), (5, 6)])
    """
    expected = normalization.normalize_python(text)
    for cut in (_clusters, _words):
        normalized, spans = _collapse(*_normalize(normalization, text, cut(text)), normalization)
        if normalized == expected:
            return normalized, spans
    # A neighbour far away bears on a character: say no more than what is sure.
    return expected, [(0, len(text))] * len(expected)


def _normalize(normalization, text, bounds):
    """Normalizes each part by itself, with the white space left in it."""
    parts, spans = [], []
    plain = Normalization(normalization.form, normalization.lowercase, collapse_whitespace=False)
    for start, end in bounds:
        part = plain.normalize_python(text[start:end])
        parts.append(part)
        spans += [(start, end)] * len(part)
    return "".join(parts), spans


def _collapse(normalized, spans, normalization):
    if not normalization.collapse_whitespace:
        return normalized, spans
    characters, kept, end = [], [], 0
    for run in WHITE_SPACE_RUN.finditer(normalized):
        characters.append(normalized[end : run.start()])
        kept += spans[end : run.start()]
        if 0 < run.start() and run.end() < len(normalized):
            characters.append(" ")
            kept.append((spans[run.start()][0], spans[run.end() - 1][1]))
        end = run.end()
    return "".join(characters) + normalized[end:], kept + spans[end:]


def _clusters(text):
    """Cuts before each character that does not join the one before it."""
    starts = [i for i, character in enumerate(text) if i == 0 or not _joins(character)]
    return _between(starts, text)


def _joins(character):
    first, last = _JOINING_JAMO
    return unicodedata.combining(character) != 0 or first <= character <= last


def _words(text):
    """Cuts around runs of white space."""
    starts = [0]
    for run in WHITE_SPACE_RUN.finditer(text):
        starts += [run.start(), run.end()]
    starts = sorted({start for start in starts if start < len(text)})
    return _between(starts, text)


def _between(starts, text):
    return list(zip(starts, [*starts[1:], len(text)], strict=True)) if starts else []
