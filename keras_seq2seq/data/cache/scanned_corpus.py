"""What one reading of a large corpus tells of it."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_seq2seq.data.cache.built_directory import building, name_of, write_json
from keras_seq2seq.data.cache.chunk import Chunk
from keras_seq2seq.data.cache.large_corpus import LargeCorpus
from keras_seq2seq.data.cache.reporting import Reporting
from keras_seq2seq.data.cache.text_hashes import came_before, hashes_of_pairs
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_report import CorpusReport
from keras_seq2seq.data.quality.held_out import choose_held_out, keys_of
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.process_pool import ProcessPool, process_count

KEPT, EMPTY, DUPLICATE, HELD_OUT = range(4)  # what becomes of a row
_FORMAT = 1
_SEED = 1  # of the choice of pairs that the vocabulary is learnt from


@dataclass(frozen=True)
class ScannedCorpus:
    """A large corpus of which is known which pairs count: all that `read_pairs` would keep.

    Args:
        corpus: The corpus.
        directory: Where this is written down, and what is made of it later.
        report: `CorpusReport`. What was dropped.

    Example:

    ```python
    scanned = ScannedCorpus.of(LargeCorpus("corpus/*.tsv.gz"), Path("token_cache"))
    scanned.report.describe(), scanned.sample.sources[:3]
    ```
    """

    corpus: LargeCorpus
    directory: Path
    report: CorpusReport

    @classmethod
    def of(
        cls,
        corpus: LargeCorpus,
        root: Path,
        *,
        sample: int = 200_000,
        processes: int | None = None,
        reporting: Reporting = Reporting(),  # noqa: B008
    ) -> "ScannedCorpus":
        """Reads a corpus, or what is known of it from an earlier reading.

        Args:
            corpus: The corpus.
            root: Directory of the cache.
            sample: Most pairs to choose to learn a vocabulary from.
            processes: How many read; one for each core if not given, at most 8.
            reporting: Told how far it is.

        Raises:
            CorpusError: as `read_pairs` and `hold_out` do.
        """
        directory = Path(root) / name_of(_FORMAT, corpus.fingerprint, sample)
        with building(directory, reporting) as temporary:
            if temporary is not None:
                count = process_count() if processes is None else processes
                _scan(corpus, temporary, sample, count, reporting)
        report = json.loads((directory / "report.json").read_text("utf-8"))
        return cls(corpus, directory, CorpusReport(**{**report, "origin": corpus.origin}))

    @property
    def origin(self) -> str:
        """The corpus spec."""
        return self.corpus.origin

    def __len__(self) -> int:
        return self.report.kept

    @functools.cached_property
    def status(self) -> np.ndarray:
        """What became of each row: uint8 (N,), `KEPT` and others."""
        return np.load(self.directory / "status.npy", mmap_mode="r")

    @property
    def sample(self) -> SentencePairs:
        """Pairs to learn a vocabulary from: some by chance, or all if they are few."""
        return self._read("sample", self.origin)

    @property
    def held_out(self) -> SentencePairs:
        """The pairs that were taken out to validate on."""
        return self._read("held_out", f"{self.origin} (held out)")

    def _read(self, name: str, origin: str) -> SentencePairs:
        sources, targets = json.loads((self.directory / f"{name}.json").read_text("utf-8"))
        return SentencePairs(sources, targets, origin)


def make_scanner(columns: tuple[int, int], holds_out: bool) -> Callable[[Chunk], Any]:
    """A function that tells of each row of a chunk its hash, and the keys of both sides."""

    def scan(chunk: Chunk) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = chunk.rows(columns)
        is_empty = np.array([not all(row) for row in rows])
        sides = [keys_of([row[i] for row in rows]) for i in range(2 * holds_out)]
        keys = np.stack(sides, axis=1) if holds_out else np.empty((len(rows), 0), np.uint64)
        return is_empty, hashes_of_pairs(rows), keys

    return scan


def _scan(
    corpus: LargeCorpus, directory: Path, sample: int, processes: int, reporting: Reporting
) -> None:
    found = []
    with (
        reporting.bar("Reading the corpus, lines") as done,
        ProcessPool(processes, make_scanner, corpus.columns, corpus.holds_out) as pool,
    ):
        for rows in pool.map(Chunk.all_of(corpus)):
            found.append(rows)
            done(len(rows[0]))
    is_empty, hashes, keys = (np.concatenate(parts) for parts in zip(*found, strict=True))
    del found
    status = np.where(is_empty, EMPTY, KEPT).astype(np.uint8)
    full = np.flatnonzero(status == KEPT)
    status[full[came_before(hashes[full])]] = DUPLICATE
    kept = np.flatnonzero(status == KEPT)
    report = CorpusReport(
        corpus.origin, len(status), len(kept), int((status == DUPLICATE).sum()), int(is_empty.sum())
    )
    if not len(kept):
        raise CorpusError(
            f"{corpus.origin}: none of {len(status):,} lines is left ({report.reasons()}). "
            "A pair needs text on both sides."
        )
    held_out = np.empty(0, np.int64)
    if corpus.holds_out:
        held_out = kept[choose_held_out(corpus.origin, keys[kept, 0], keys[kept, 1])]
        status[held_out] = HELD_OUT
        kept = np.flatnonzero(status == KEPT)
    learnt = kept
    if len(kept) > sample:
        rng = np.random.default_rng(_SEED)
        learnt = kept[np.sort(rng.choice(len(kept), sample, replace=False))]
    texts = _pick(corpus, {"sample": learnt, "held_out": held_out}, len(status), reporting)
    for name, sides in texts.items():
        write_json(directory / f"{name}.json", sides)
    np.save(directory / "status.npy", status)
    counts = {"kept": len(kept), "held_out": len(held_out)}
    write_json(directory / "report.json", {**report.to_dict(), **counts})


def _pick(
    corpus: LargeCorpus, wanted: dict[str, np.ndarray], total: int, reporting: Reporting
) -> dict[str, tuple[list[str], list[str]]]:
    """The sources and targets of some rows, by the names of the choices."""
    texts: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in wanted}
    begin = 0
    with reporting.bar("Choosing pairs, lines", total) as done:
        for chunk in Chunk.all_of(corpus):
            end = begin + len(chunk)
            for name, rows in wanted.items():
                places = rows[slice(*np.searchsorted(rows, (begin, end)))] - begin
                for row in chunk.rows(corpus.columns, places) if len(places) else ():
                    for side, text in zip(texts[name], row, strict=True):
                        side.append(text)
            begin = end
            done(len(chunk))
    return texts
