"""Reads parallel text: tab-separated tables, pairs of files, and the built-in corpus."""

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_report import CorpusReport
from keras_seq2seq.data.corpus_spec import corpus_files, phrasebook_split
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.data.text_lines import read_lines, refuse_inner_cr

Columns = tuple[int, int]
Rows = list[tuple[str, str]]
_ENOUGH = 3  # lines that tell a table by its looks
_MARK = "\ufeff"  # the byte order mark


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
        CorpusError: a file is missing, broken, empty or not UTF-8, a line has too few columns, a
            table has a carriage return within a line, an index without a name, or the quotation
            marks of a program for tables, two files differ in length, or no pair is left.

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
    sides = [read_lines(path, inner_cr=True) for path in files]
    refuse_different_lengths(files, [len(lines) for lines in sides])
    return rows_of_lines(files, sides, columns)


def rows_of_lines(
    files: Sequence[str],
    sides: Sequence[list[str]],
    columns: Columns,
    first_line: int = 1,
    checked: bool = False,
) -> Rows:
    """The rows of the lines of a table, or of a pair of files: of all, or of a part of them.

    What only shows in a whole file is looked for in the part that it begins with.

    Args:
        files: One file or two.
        sides: Lines of each, as many.
        columns: Those of source and target.
        first_line: The number of the first one, from 1.
        checked: Whether they have come this way before, and are a choice of lines now.

    Raises:
        CorpusError: as `read_pairs` does.
    """
    if len(files) == 2:
        _check_two_columns(",".join(files), columns)
        source, target = columns
        return list(zip(sides[source - 1], sides[target - 1], strict=True))
    if not checked:
        _refuse_strange_table(files[0], sides[0], columns, first_line)
    return _rows_of_table(files[0], sides[0], columns, first_line)


def _refuse_strange_table(path: str, lines: list[str], columns: Columns, first_line: int) -> None:
    _refuse_inner_cr(path, lines, max(columns), first_line)
    if first_line == 1 and 1 in columns:
        _refuse_index(path, lines)
    if first_line == 1:
        _refuse_quotes(path, lines, columns)
    _refuse_glued_lines(path, lines, max(columns), first_line)


def _rows_of_table(path: str, lines: list[str], columns: Columns, first_line: int) -> Rows:
    (source, target), rows = columns, []
    for number, line in enumerate(lines, start=first_line):
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


def _refuse_inner_cr(path: str, lines: list[str], wanted: int, first_line: int) -> None:
    """Raises where a carriage return is in a column that counts, or may end a line."""
    for number, line in enumerate(lines, start=first_line):
        before, *after = line.split("\r")
        if after and (before.count("\t") < wanted or any("\t" in part for part in after)):
            refuse_inner_cr([line], path, number)


def _refuse_index(path: str, lines: list[str]) -> None:
    """Raises where column 1 is the index that pandas writes, with gaps where rows were dropped."""
    name, tab, _ = lines[0].partition("\t")
    if name.strip() or not tab:
        return
    cells = [line.partition("\t")[0].strip() for line in lines[1:] if line.strip()]
    numbers = all(cell.isascii() and cell.isdigit() and len(cell) < 10 for cell in cells)
    if len(cells) >= _ENOUGH and numbers and all(int(a) < int(b) for a, b in pairwise(cells)):
        raise CorpusError(
            f"{path}, line 1: column 1 is an index without a name, {cells[0]}, {cells[1]}, ..., "
            "and no text. Write the table without it and without a line of names: index=False, "
            "header=False in pandas; or choose other columns, as in 2,3."
        )


def _refuse_quotes(path: str, lines: list[str], columns: Columns) -> None:
    """Raises where a program for tables put cells in quotation marks, which are not unwrapped.

    Dialogue has them at both ends of a cell, too, but not in every line; and those within a cell
    are doubled by programs alone.
    """
    rows = [(n, _wanted(line, columns)) for n, line in enumerate(lines, start=1) if '"' in line]
    blank = sum(not line.strip() for line in lines)
    named = '"' not in next((line for line in lines if line.strip()), "")  # a line of names
    every = len(rows) >= _ENOUGH and len(rows) + blank + named == len(lines)
    every = every and all(len(cells) == 2 and all(map(_is_quoted, cells)) for _, cells in rows)
    marked = [(n, cell) for n, cells in rows for cell in cells if '"' in cell]
    doubled = [(n, cell) for n, cell in marked if _is_quoted(cell) and '""' in cell[1:-1]]
    if every or len(doubled) > len(marked) / 2:
        what = "every cell stands in quotation marks" if every else "quotation marks are doubled"
        number, cell = marked[0] if every else doubled[0]
        raise CorpusError(
            f"{path}, line {number}: {what}, as in {cell[:40]}: they would be learnt as text. "
            "Write the table without them: quoting=csv.QUOTE_NONE in pandas and Python's csv. If "
            "they are text, give two files: source_file,target_file."
        )


def _wanted(line: str, columns: Columns) -> list[str]:
    cells = line.split("\t")
    return [cells[column - 1].strip() for column in columns if column <= len(cells)]


def _is_quoted(cell: str) -> bool:
    """Whether a program for tables may have put a cell in quotation marks."""
    return len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in cell[1:-1].replace('""', "")


def _refuse_glued_lines(path: str, lines: list[str], wanted: int, first_line: int) -> None:
    """Raises where a file was put behind one whose last line has no line end."""
    if not any(_MARK in line for line in lines):
        return
    usual = min(
        (line.count("\t") for line in lines if line.strip() and _MARK not in line), default=0
    )
    for number, line in enumerate(lines, start=first_line):
        whole = all(part.count("\t") >= wanted - 1 for part in line.split(_MARK))
        if _MARK in line and whole and line.count("\t") > usual:
            raise CorpusError(
                f"{path}, line {number}: a byte order mark stands within the line. It seems that "
                "two files were joined, the first of them without a line end: put one there. "
                "Several files are read as one corpus by a glob, as in corpus/*.tsv."
            )


def refuse_different_lengths(files: Sequence[str], counts: Sequence[int]) -> None:
    """Raises where two files that belong together do not have as many lines."""
    if len(set(counts)) > 1:
        raise CorpusError(
            f"{files[0]} has {counts[0]:,} lines, but {files[1]} has {counts[1]:,}. Line i of "
            "one must be the translation of line i of the other: look for a missing line."
        )


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
