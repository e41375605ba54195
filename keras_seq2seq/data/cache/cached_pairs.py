"""Pairs whose ids lie in a cache."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_seq2seq.data.cache.cached_texts import CachedTexts, texts_of
from keras_seq2seq.data.cache.mapped_rows import MappedRows
from keras_seq2seq.data.cache.text_hashes import hashes_of, hashes_of_pairs
from keras_seq2seq.data.corpus_report import CorpusReport
from keras_seq2seq.data.quality.alike import normalized
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class CachedPairs:
    """Sentence pairs as rows of ids on disk; `make_dataset` takes them as any others.

    Their order is that of the corpus. `cache_pairs` makes and finds them.

    Args:
        directory: Where they lie.
        tokenizers: What made the ids of the sources, and of the targets.
        report: `CorpusReport`. What was dropped on the way here.
        sources: `MappedRows`.
        targets: `MappedRows`.

    Example:

    ```python
    pairs = cache_pairs(scanned, source_tokenizer, target_tokenizer)
    pairs.report.describe(), pairs.lengths.mean(axis=0), pairs.pairs.sources[0]
    ```
    """

    directory: Path
    tokenizers: tuple[Tokenizer, Tokenizer]
    report: CorpusReport
    sources: MappedRows = field(repr=False)
    targets: MappedRows = field(repr=False)

    @classmethod
    def open(
        cls, directory: Path, tokenizers: tuple[Tokenizer, Tokenizer], origin: str
    ) -> "CachedPairs":
        """Opens what `cache_pairs` has made."""
        report = json.loads((directory / "report.json").read_text("utf-8"))
        report = CorpusReport(**{**report, "origin": origin})
        sides = MappedRows(directory / "source"), MappedRows(directory / "target")
        return cls(directory, tokenizers, report, *sides)

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def pairs(self) -> CachedTexts:
        """Their sentences."""
        sides = zip((self.sources, self.targets), self.tokenizers, strict=True)
        texts = (texts_of(*side) for side in sides)
        return CachedTexts(self.report.origin, self.report, *texts)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of source and target of each pair, BOS and EOS not among them: int32 (N, 2)."""
        return np.stack([self.sources.lengths, self.targets.lengths], axis=1)

    @property
    def facts(self) -> dict[str, Any]:
        """What `facts_of` says of pairs in memory."""
        return json.loads((self.directory / "facts.json").read_text("utf-8"))

    def keep(self, indices: np.ndarray, **dropped: int) -> "CachedPairs":
        """The pairs at `indices`; `dropped` counts the others by their name in the report."""
        if len(indices) == len(self):
            return self
        counts = {name: getattr(self.report, name) + more for name, more in dropped.items()}
        report = replace(self.report, kept=len(indices), **counts)
        sides = self.sources.take(indices), self.targets.take(indices)
        return CachedPairs(self.directory, self.tokenizers, report, *sides)

    def overlap(self, other: SentencePairs) -> dict[str, int]:
        """How many of other pairs, and of their sources, are among these, normalised."""
        found = normalized(other, *self.tokenizers)
        hashes = {
            "pairs": hashes_of_pairs(found),
            "sources": hashes_of(source for source, _ in found),
        }
        return {name: int(self._knows(name, these).sum()) for name, these in hashes.items()}

    def _knows(self, name: str, hashes: np.ndarray) -> np.ndarray:
        known = np.load(self.directory / f"{name}.npy", mmap_mode="r")  # sorted
        places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        return known[places] == hashes
