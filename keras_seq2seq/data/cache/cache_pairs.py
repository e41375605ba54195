"""Tokenises a large corpus once, with several processes, into files that are read as it trains."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_seq2seq.data.cache.built_directory import (
    building,
    growing_array,
    is_whole,
    name_of,
    write_json,
)
from keras_seq2seq.data.cache.cached_pairs import CachedPairs
from keras_seq2seq.data.cache.chunk import Chunk
from keras_seq2seq.data.cache.reporting import Reporting
from keras_seq2seq.data.cache.scanned_corpus import KEPT, ScannedCorpus
from keras_seq2seq.data.cache.text_hashes import came_before, hashes_of, hashes_of_pairs
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_report import CorpusReport
from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.quality.alike import normalized
from keras_seq2seq.data.quality.judgement import side_facts
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.process_pool import ProcessPool, process_count
from keras_seq2seq.text.normalization import is_blank
from keras_seq2seq.text.special_tokens import UNK
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text.tokenizers import tokenizer_from_state
from keras_seq2seq.version import __version__

_FORMAT = 1
_SIDES = ("source", "target")


def cache_pairs(
    scanned: ScannedCorpus,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    *,
    max_source_length: int = 64,
    max_target_length: int = 64,
    processes: int | None = None,
    reporting: Reporting = Reporting(),  # noqa: B008
) -> CachedPairs:
    """The pairs of a corpus as rows of ids on disk, made now or found from an earlier time.

    They lie beside what was read of the corpus, under a name that stands for the content of its
    files, both vocabularies and the limits. Pairs that the tokenizers cannot tell from an earlier
    one, and over-long ones, are left out and counted, as a run does it in memory.

    Args:
        scanned: The corpus.
        source_tokenizer, target_tokenizer: What makes the ids.
        max_source_length, max_target_length: Most ids of a sentence, EOS among them.
        processes: How many tokenise; one for each core if not given, at most 8.
        reporting: Told how far it is.

    Returns:
        `CachedPairs`, in the order of the corpus.

    Raises:
        CorpusError: all pairs are over-long.
        ChildProcessError: a process came to an end before its work was done.

    Example:

    ```python
    scanned = ScannedCorpus.of(LargeCorpus("corpus/*.tsv.gz"), Path("token_cache"))
    tokenizer = SentencePieceTokenizer.learn(scanned.sample.sources, 8000)
    dataset = make_dataset(cache_pairs(scanned, tokenizer, tokenizer), tokenizer, tokenizer)
    ```
    """
    tokenizers, limits = (
        (source_tokenizer, target_tokenizer),
        (max_source_length, max_target_length),
    )
    states = [tokenizer.vocabulary_state() for tokenizer in tokenizers]
    directory = _directory_of(scanned, states, limits)
    with building(directory, reporting) as temporary:
        if temporary is not None:
            # A class from outside is not known to new processes.
            ours = all(
                type(tokenizer).__module__.startswith("keras_seq2seq.") for tokenizer in tokenizers
            )
            count = process_count() if processes is None else processes
            most = max(tokenizer.vocabulary_size for tokenizer in tokenizers)
            encoder = _Encoder(
                states if ours else tokenizers,
                scanned.corpus.columns,
                limits,
                np.dtype(np.uint16 if most <= 2**16 else np.int32),
            )
            _fill(temporary, scanned, encoder, count if ours else 0, reporting)
    return CachedPairs.open(directory, tokenizers, scanned.origin)


def known_pairs(
    scanned: ScannedCorpus,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    *,
    max_source_length: int = 64,
    max_target_length: int = 64,
) -> CachedPairs | None:
    """What `cache_pairs` has made before; `None` where it would have to make it now."""
    tokenizers = (source_tokenizer, target_tokenizer)
    states = [tokenizer.vocabulary_state() for tokenizer in tokenizers]
    directory = _directory_of(scanned, states, (max_source_length, max_target_length))
    whole = is_whole(directory)
    return CachedPairs.open(directory, tokenizers, scanned.origin) if whole else None


def _directory_of(scanned: ScannedCorpus, states: list[Any], limits: tuple[int, int]) -> Path:
    return scanned.directory / name_of(_FORMAT, __version__, states, limits)


@dataclass
class _Rows:
    """What is known of N pairs once they are tokenised, in arrays."""

    lengths: np.ndarray  # int32 (N, 2), tokens without BOS and EOS
    unknown: np.ndarray  # int32 (N, 2), how many of them are UNK
    is_empty: np.ndarray  # bool (N,), normalization leaves nothing of a side
    is_blank: np.ndarray  # bool (N, 2), there is nothing to be seen in a side
    pairs: np.ndarray  # uint64 (N,), hashes of the pairs, normalised
    sources: np.ndarray  # uint64 (N,), hashes of their sources, normalised
    as_written: np.ndarray  # uint64 (N,), hashes of their sources as they are

    @classmethod
    def room(cls, count: int) -> "_Rows":
        """Arrays for so many pairs, to `put` parts into: two of ten million would not do."""
        sides = (count, 2)
        pairs, sources, as_written = np.empty((3, count), np.uint64)
        lengths, unknown = np.empty(sides, np.int32), np.empty(sides, np.int32)
        empty, blank = np.empty(count, bool), np.empty(sides, bool)
        return cls(lengths, unknown, empty, blank, pairs, sources, as_written)

    def put(self, begin: int, part: "_Rows") -> None:
        for one in fields(self):
            values = getattr(part, one.name)
            getattr(self, one.name)[begin : begin + len(values)] = values

    def over_long(self, limits: Sequence[int]) -> np.ndarray:
        longer = self.lengths + 1 > np.array(limits)
        return longer[:, 0] | longer[:, 1]


@dataclass
class _Encoder:
    """Tokenises the rows of chunks that count; it is made here and works in other processes."""

    tokenizers: Sequence[Any]  # of sources and targets, or their states
    columns: tuple[int, int]
    limits: tuple[int, int]  # most ids; those of longer sentences are not given
    dtype: np.dtype  # of the ids

    def __call__(self, item: tuple[Chunk, np.ndarray]) -> tuple[list[np.ndarray], _Rows]:
        chunk, status = item
        read = SentencePairs.from_pairs(chunk.rows(self.columns, np.flatnonzero(status == KEPT)))
        seen = normalized(read, *self.tokenizers)
        encoded = EncodedPairs.of(read, *self.tokenizers)
        sides = (encoded.sources, encoded.targets)
        blank = np.array([is_blank(text) for pair in read for text in pair], bool).reshape(-1, 2)
        gone = np.array([not text for pair in seen for text in pair], bool).reshape(-1, 2)
        empty = gone & ~blank
        unknown = [_count_by_row(side.flat[:-1] == UNK, side.lengths) for side in sides]
        rows = _Rows(
            encoded.lengths.astype(np.int32),
            np.stack(unknown, axis=1).astype(np.int32),
            empty[:, 0] | empty[:, 1],
            blank,
            hashes_of_pairs(seen),
            hashes_of(source for source, _ in seen),
            hashes_of(read.sources),
        )
        short = np.flatnonzero(~rows.over_long(self.limits))
        return [side.take(short).flat[:-1].astype(self.dtype) for side in sides], rows


def make_encoder(encoder: _Encoder, alone: bool) -> Callable[[tuple[Chunk, np.ndarray]], Any]:
    """An encoder that can be called; `alone` on its core, it starts no threads of TensorFlow."""
    import tensorflow as tf

    if alone:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    made = [tokenizer_from_state(t) if isinstance(t, dict) else t for t in encoder.tokenizers]
    return replace(encoder, tokenizers=made)


def _count_by_row(flags: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How many of the flags of each row are set: int (N,)."""
    ends = np.cumsum(lengths)
    total = np.append(0, np.cumsum(flags))
    return total[ends] - total[ends - lengths]


def _fill(
    directory: Path,
    scanned: ScannedCorpus,
    encoder: _Encoder,
    processes: int,
    reporting: Reporting,
) -> None:
    """Tokenises all pairs that count and writes the files of `CachedPairs`."""
    rows, count = _Rows.room(len(scanned)), 0
    with (
        reporting.bar("Tokenising, pairs", len(scanned)) as done,
        ProcessPool(processes, make_encoder, encoder, processes > 0) as pool,
        growing_array(directory / "source_ids.npy", encoder.dtype) as write_source,
        growing_array(directory / "target_ids.npy", encoder.dtype) as write_target,
    ):
        for (source, target), part in pool.map(_with_status(scanned)):
            write_source(source)
            write_target(target)
            rows.put(count, part)
            count += len(part.pairs)
            done(len(part.pairs))
    _write_rows(directory, scanned, rows, encoder.limits)


def _with_status(scanned: ScannedCorpus) -> Iterable[tuple[Chunk, np.ndarray]]:
    begin = 0
    for chunk in Chunk.all_of(scanned.corpus):
        yield chunk, np.array(scanned.status[begin : begin + len(chunk)])
        begin += len(chunk)


def _write_rows(
    directory: Path, scanned: ScannedCorpus, rows: _Rows, limits: tuple[int, int]
) -> None:
    """Chooses among the rows whose ids are written, and writes where each begins."""
    over_long = rows.over_long(limits)
    again = np.zeros(len(over_long), bool)
    full = np.flatnonzero(~rows.is_empty)
    again[full[came_before(rows.pairs[full])]] = True
    is_kept = ~(rows.is_empty | again | over_long)
    if not is_kept.any():
        raise CorpusError(
            f"{scanned.origin}: all of {len(is_kept):,} pairs are over-long (more than "
            f"{limits[0]} source or {limits[1]} target ids, the closing EOS among them). Raise "
            "max_source_length and max_target_length."
        )
    for side, name in enumerate(_SIDES):
        written = np.where(over_long, 0, rows.lengths[:, side]).astype(np.int64)
        np.save(directory / f"{name}_starts.npy", (np.cumsum(written) - written)[is_kept])
        np.save(directory / f"{name}_lengths.npy", rows.lengths[is_kept, side])
    np.save(directory / "pairs.npy", np.sort(rows.pairs[is_kept]))
    np.save(directory / "sources.npy", np.unique(rows.sources[is_kept]))
    before, empty = scanned.report, int(rows.is_empty.sum())
    report = {
        **before.to_dict(),
        "kept": int(is_kept.sum()),
        "empty": before.empty + empty,
        "duplicate": before.duplicate + int(again.sum()),
        "over_long": int((over_long & ~rows.is_empty & ~again).sum()),
    }
    write_json(directory / "report.json", CorpusReport(**report).to_dict())
    write_json(directory / "facts.json", _facts(rows, is_kept))


def _facts(rows: _Rows, is_kept: np.ndarray) -> dict[str, Any]:
    """What `facts_of` says of pairs in memory."""
    # No pair comes twice: a source that does has several targets.
    _, counts = np.unique(rows.as_written[is_kept], return_counts=True)
    sides = {
        name: side_facts(rows.lengths[is_kept, i], int(rows.unknown[is_kept, i].sum()))
        for i, name in enumerate(_SIDES)
    }
    blank = rows.is_blank[is_kept].sum(axis=0)
    return {
        **sides,
        "sources": len(counts),
        "sources_with_several_targets": int((counts > 1).sum()),
        "blank_sources": int(blank[0]),
        "blank_references": int(blank[1]),
    }
