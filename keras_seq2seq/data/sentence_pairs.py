"""Pairs of sentences in memory."""

import html
import reprlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from keras_seq2seq.data.corpus_report import CorpusReport

_ROWS_SHOWN = 5
_NOTHING_DROPPED: Any = None  # until the pairs are counted


@dataclass(frozen=True, repr=False)
class SentencePairs:
    """Source sentences and their targets, line by line, with the report of their reading.

    Args:
        sources: list of str. Source sentences; an array, a tensor or a pandas Series becomes one.
        targets: list of str. `targets[i]` is the translation of `sources[i]`.
        origin: str. Where the pairs come from, for messages.
        report: `CorpusReport`. What was dropped on the way here; nothing, if none is given.

    Raises:
        TypeError: something other than text came.
        ValueError: the two lists are of different length.

    Example:

    >>> pairs = SentencePairs(["안녕", "고마워"], ["hello", "thanks"])
    >>> len(pairs), list(pairs)[0]
    (2, ('안녕', 'hello'))
    >>> pairs
    SentencePairs('memory', 2 pairs: '안녕' -> 'hello', ...)
    """

    sources: list[str]
    targets: list[str]
    origin: str = "memory"
    report: CorpusReport = _NOTHING_DROPPED

    def __post_init__(self):
        for side in ("sources", "targets"):
            object.__setattr__(self, side, _texts(getattr(self, side), side))
        if len(self.sources) != len(self.targets):
            raise ValueError(
                f"SentencePairs needs one target for every source. Received: "
                f"{len(self.sources)} sources and {len(self.targets)} targets."
            )
        if self.report is _NOTHING_DROPPED:
            object.__setattr__(self, "report", CorpusReport(self.origin, len(self), len(self)))

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]], origin: str = "memory") -> Self:
        """Pairs out of an iterable of (source, target).

        Raises:
            TypeError: an item is no pair of texts.
        """
        if hasattr(pairs, "columns"):
            raise TypeError("A table came: SentencePairs.from_pandas(frame) reads it.")
        sides: tuple[list, list] = ([], [])
        for number, pair in enumerate(pairs, start=1):
            if isinstance(pair, (str, bytes)) or not hasattr(pair, "__len__") or len(pair) != 2:
                raise TypeError(f"Pair {number}: (source, target) is expected, got {pair!r:.80}.")
            for side, text in zip(sides, pair, strict=True):
                side.append(text)
        return cls(*sides, origin)

    @classmethod
    def from_pandas(
        cls, frame: Any, source: Any = None, target: Any = None, origin: str = "pandas"
    ) -> Self:
        """Pairs out of two columns of a pandas `DataFrame`, the first two if none are named.

        Raises:
            ValueError: there are no such columns.
            TypeError: a cell is no text, as NaN is none: `frame.dropna()` drops such rows.
        """
        names = list(frame.columns)
        wanted = [source, target]
        if len(names) < 2 or any(name is not None and name not in names for name in wanted):
            raise ValueError(
                f"from_pandas: columns {source!r} and {target!r} are wanted, there are {names}."
            )
        source, target = (names[i] if name is None else name for i, name in enumerate(wanted))
        return cls(frame[source], frame[target], origin)

    def to_pandas(self) -> Any:
        """The pairs as a pandas `DataFrame` with the columns `source` and `target`.

        Raises:
            ImportError: pandas is not installed; nothing else here needs it.
        """
        try:
            from pandas import DataFrame  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        return DataFrame({"source": self.sources, "target": self.targets})

    def __repr__(self) -> str:
        first = [f"{reprlib.repr(s)} -> {reprlib.repr(t)}" for s, t in list(self._first(1))]
        more = ["..."] if len(self) > 1 else []
        rows = f": {', '.join(first + more)}" if first else ""
        noun = "pair" if len(self) == 1 else "pairs"
        return f"SentencePairs({reprlib.repr(self.origin)}, {len(self):,} {noun}{rows})"

    def _repr_html_(self) -> str:
        """A table of the first pairs, for notebooks."""
        rows = [
            "".join(f'<td dir="auto">{html.escape(text[:200])}</td>' for text in pair)
            for pair in self._first(_ROWS_SHOWN)
        ]
        table = "".join(f"<tr>{row}</tr>" for row in ("<th>source</th><th>target</th>", *rows))
        more = f", of which {_ROWS_SHOWN} are shown" if len(self) > _ROWS_SHOWN else ""
        caption = html.escape(f"{self.origin}: {len(self):,} pairs{more}")
        return f"<table><caption>{caption}</caption>{table}</table>"

    def _first(self, count: int) -> Iterator[tuple[str, str]]:
        return zip(self.sources[:count], self.targets[:count], strict=True)

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self.sources, self.targets, strict=True)

    def keep(self, indices: Sequence[int], **dropped: int) -> "SentencePairs":
        """The pairs at `indices`; `dropped` counts the others by their name in the report.

        Without counts the pairs are a choice of their own, whose report begins anew.

        >>> pairs = SentencePairs(["a", "b"], ["A", "B"]).keep([1], over_long=1)
        >>> pairs.sources, pairs.report.describe()
        (['b'], 'memory: 2 pairs read, 1 kept (1 over-long)')
        """
        counts = {name: getattr(self.report, name) + more for name, more in dropped.items()}
        if dropped or len(indices) == self.report.kept:
            report = replace(self.report, kept=len(indices), **counts)
        else:
            report = CorpusReport(self.origin, len(indices), len(indices))
        sources, targets = ([side[i] for i in indices] for side in (self.sources, self.targets))
        return SentencePairs(sources, targets, self.origin, report)


def _texts(texts: Any, side: str) -> list[str]:
    """A list of str of anything that holds texts; a list of str stays the same."""
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"SentencePairs: {side} is one string; a list of them is expected.")
    for method in ("numpy", "tolist"):  # of tensors; of arrays and Series
        texts = getattr(texts, method)() if hasattr(texts, method) else texts
    if isinstance(texts, list) and all(type(text) is str for text in texts):
        return texts
    return [_text(text, side, row) for row, text in enumerate(texts)]


def _text(text: Any, side: str, row: int) -> str:
    text = text.numpy() if hasattr(text, "numpy") else text
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if not isinstance(text, str):
        raise TypeError(f"SentencePairs: {side}[{row}] is {text!r:.80}, but text is expected.")
    return str(text)
