"""Reads parallel text: tab-separated tables, pairs of files, and the built-in corpus."""

import os
from typing import Any

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_report import CorpusReport
from keras_seq2seq.data.corpus_spec import corpus_files, phrasebook_split
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.data.text_lines import read_lines

Columns = tuple[int, int]
Rows = list[tuple[str, str]]


def read_pairs(
    spec: str,
    columns: tuple[int, int] = (1, 2),
    *,
    drop_duplicates: bool = True,
    drop_empty: bool = True,
) -> SentencePairs:
    """Reads the sentence pairs that a corpus spec names.

    A spec is one of

    - `file.tsv`: one pair a line, the columns separated by tabs; further columns are ignored.
    - `source_file,target_file`: line i of one is the translation of line i of the other.
    - `phrasebook`, `phrasebook:train`, `phrasebook:valid`, `phrasebook:test`: the built-in
      Korean-English corpus (Korean is column 1); the bare word is its training split.

    Files may be gzipped, and may be globs: `corpus/*.tsv` reads all its files in sorted order
    as one corpus. White space around a sentence is dropped.

    Args:
        spec: The corpus.
        columns: Those of source and target, from 1; (2, 1) swaps two files or the built-in corpus.
        drop_duplicates: Whether a pair that came before is dropped.
        drop_empty: Whether a pair with a blank side is dropped. An evaluation wants both False:
            its lines keep their number.

    Returns:
        `SentencePairs`, whose `report` counts what was dropped.

    Raises:
        CorpusError: a file is missing, broken, empty or not UTF-8, a line has too few columns,
            two files differ in length, or no pair is left.

    Example:

    ```python
    train = read_pairs("kor.txt.gz", columns=(2, 1))    # English first, Korean second
    train.report.describe()     # 'kor.txt.gz: 3,723 pairs read, 3,700 kept (23 duplicate)'
    ```
    """
    spec = os.fspath(spec)
    _check_columns(columns)
    if split := phrasebook_split(spec):
        rows = _read_phrasebook(split, columns)
    else:
        rows = [row for files in corpus_files(spec) for row in _read_files(files, columns)]
    return _filtered(rows, spec, drop_duplicates, drop_empty)


def parse_columns(text: str) -> tuple[int, int]:
    """Reads the numbers of source and target column, from 1, out of text such as `2,1`.

    Raises:
        CorpusError: the text is something else.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise CorpusError(
            f"The columns {text!r} are not understood. Write the number of the source column, a "
            'comma and the number of the target column, counted from 1, as in "2,1".'
        )
    if any(len(part) > 6 for part in parts):
        raise CorpusError(f"The columns {text!r} are beyond any table.")
    columns = (int(parts[0]), int(parts[1]))
    _check_columns(columns)
    return columns


def _check_columns(columns: Any) -> None:
    numbers = isinstance(columns, (tuple, list)) and len(columns) == 2
    if not numbers or not all(type(column) is int and column >= 1 for column in columns):
        raise CorpusError(
            f"The columns {columns!r} are out of range: two numbers from 1 are expected, source "
            "and target, as in (2, 1)."
        )


def _check_two_columns(origin: str, columns: Columns) -> None:
    if max(columns) > 2:
        raise CorpusError(
            f"{origin} has two columns, but column {max(columns)} is wanted. Choose 1 and 2."
        )


def _read_phrasebook(split: str, columns: Columns) -> Rows:
    # Here and not above: the grammar takes time to load, and files do not need it.
    from keras_seq2seq.phrasebook.phrasebook import Phrasebook

    _check_two_columns("The built-in corpus", columns)
    source, target = columns
    return [(pair[source - 1], pair[target - 1]) for pair in Phrasebook().split(split)]


def _read_files(files: tuple[str, ...], columns: Columns) -> Rows:
    """The rows of a table, or of a pair of files."""
    if len(files) == 2:
        return _read_two(*files, columns)
    (path,), (source, target), rows = files, columns, []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():  # a blank line is an empty pair, not a broken one
            rows.append(("", ""))
            continue
        cells = line.split("\t")
        if len(cells) < max(columns):
            found = "no tab" if len(cells) == 1 else f"{len(cells)} columns"
            raise CorpusError(
                f"{path}, line {number}: {found} found, but column {max(columns)} is wanted. "
                "Separate source and target by a tab, or choose other columns."
            )
        rows.append((cells[source - 1], cells[target - 1]))
    return rows


def _read_two(first: str, second: str, columns: Columns) -> Rows:
    _check_two_columns(f"{first},{second}", columns)
    lines = read_lines(first), read_lines(second)
    if len(lines[0]) != len(lines[1]):
        raise CorpusError(
            f"{first} has {len(lines[0]):,} lines, but {second} has {len(lines[1]):,}. Line i of "
            "one must be the translation of line i of the other: look for a missing line."
        )
    source, target = columns
    return list(zip(lines[source - 1], lines[target - 1], strict=True))


def _filtered(rows: Rows, origin: str, drop_duplicates: bool, drop_empty: bool) -> SentencePairs:
    pairs = [(source.strip(), target.strip()) for source, target in rows]
    full = [pair for pair in pairs if all(pair)] if drop_empty else pairs
    kept = list(dict.fromkeys(full)) if drop_duplicates else full
    duplicate, empty = len(full) - len(kept), len(pairs) - len(full)
    report = CorpusReport(origin, len(rows), len(kept), duplicate, empty)
    if not kept:
        raise CorpusError(
            f"{origin}: none of {len(rows):,} lines is left ({report.reasons()}). "
            "A pair needs text on both sides."
        )
    sources, targets = map(list, zip(*kept, strict=True))
    return SentencePairs(sources, targets, origin, report)
