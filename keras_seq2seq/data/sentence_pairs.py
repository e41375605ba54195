"""Pairs of sentences in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from keras_seq2seq.data.corpus_report import CorpusReport

_NOTHING_DROPPED: Any = None  # until the pairs are counted


@dataclass(frozen=True)
class SentencePairs:
    """Source sentences and their targets, line by line, with the report of their reading.

    Args:
        sources: list of str. Source sentences.
        targets: list of str. `targets[i]` is the translation of `sources[i]`.
        origin: str. Where the pairs come from, for messages.
        report: `CorpusReport`. What was dropped on the way here; nothing, if none is given.

    Raises:
        TypeError: a string came where a list is expected.
        ValueError: the two lists are of different length.

    Example:

    >>> pairs = SentencePairs(["안녕", "고마워"], ["hello", "thanks"])
    >>> len(pairs), list(pairs)[0]
    (2, ('안녕', 'hello'))
    """

    sources: list[str]
    targets: list[str]
    origin: str = "memory"
    report: CorpusReport = _NOTHING_DROPPED

    def __post_init__(self):
        for side in ("sources", "targets"):
            if isinstance(getattr(self, side), (str, bytes)):
                raise TypeError(f"SentencePairs: {side} is one string; a list of them is expected.")
        if len(self.sources) != len(self.targets):
            raise ValueError(
                f"SentencePairs needs one target for every source. Received: "
                f"{len(self.sources)} sources and {len(self.targets)} targets."
            )
        if self.report is _NOTHING_DROPPED:
            object.__setattr__(self, "report", CorpusReport(self.origin, len(self), len(self)))

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]], origin: str = "memory") -> Self:
        """Pairs out of an iterable of (source, target)."""
        pairs = list(pairs)
        return cls([source for source, _ in pairs], [target for _, target in pairs], origin)

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self.sources, self.targets, strict=True)

    def keep(self, indices: Sequence[int], **dropped: int) -> "SentencePairs":
        """The pairs at `indices`; `dropped` counts the others by their name in the report.

        >>> pairs = SentencePairs(["a", "b"], ["A", "B"]).keep([1], over_long=1)
        >>> pairs.sources, pairs.report.describe()
        (['b'], 'memory: 2 pairs read, 1 kept (1 over-long)')
        """
        counts = {name: getattr(self.report, name) + more for name, more in dropped.items()}
        report = replace(self.report, kept=len(indices), **counts)
        sources, targets = ([side[i] for i in indices] for side in (self.sources, self.targets))
        return SentencePairs(sources, targets, self.origin, report)
