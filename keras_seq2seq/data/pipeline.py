"""From sentence pairs to padded batches of ids."""

import functools
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from keras_seq2seq.data.batch_plan import plan_batches
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.framing import Pair, frame_rows
from keras_seq2seq.text.sentencepiece.subword_sampler import SubwordSampler
from keras_seq2seq.text.tokenizer import Tokenizer

_BATCHES_AHEAD = 8
Pairs = TypeVar("Pairs", SentencePairs, EncodedPairs)


def make_dataset(
    pairs: SentencePairs | EncodedPairs | Iterable[tuple[str, str]],
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    *,
    batch_size: int = 64,
    batch_tokens: int = 0,
    max_source_length: int = 64,
    max_target_length: int = 64,
    shuffle: bool = True,
    seed: int = 0,
    epoch_counter: EpochCounter | None = None,
    subword_sampling: tuple[float, float] = (0.0, 0.0),
    r_drop: bool = False,
) -> tf.data.Dataset:
    """Makes the dataset that `fit` and `evaluate` take.

    Each epoch has its own order, a function of `seed` and of the number of the epoch (see
    `plan_batches`). Without an `epoch_counter` the n-th iteration that is begun counts as
    epoch n; a run that may be resumed passes a counter, also to the callbacks of `fit`. The
    sentences are tokenised once; under subword regularisation again in every epoch.

    Args:
        pairs: `SentencePairs`, or a list of (source, target). Over-long ones are left out with a
            warning; `drop_over_long` counts them, too.
        source_tokenizer, target_tokenizer: Those of `EncodedPairs`, if given such.
        batch_size: Pairs a batch, B.
        batch_tokens: Where above 0, about so many tokens a batch, see `plan_batches`. All epochs
            have as many batches as the first.
        max_source_length, max_target_length: Most ids of a sentence, EOS among them.
        shuffle: False delivers the pairs sorted by length, for validation.
        seed: Seed of the order, at least 0.
        epoch_counter: Says which epoch it is, and from which batch on.
        subword_sampling: The alpha of `SubwordSampler` for sources and for targets; 0 takes the
            best pieces always, as validation wants it.
        r_drop: Whether a batch holds its pairs twice, one half below the other, as the `r_drop`
            of `SequenceCrossentropy` wants it: 2B rows for every B below.

    Returns:
        A `tf.data.Dataset` of known cardinality that yields (x, y, sample_weight), as
        `encode_pair` gives them.

    Raises:
        CorpusError: there are no pairs, or all are over-long.
        ValueError: an argument is out of range.

    Example:

    ```python
    dataset = make_dataset(read_pairs("train.tsv"), korean, english, batch_size=128)
    model.fit(dataset, epochs=10)
    ```
    """
    # 1. Turn all sentences into ids, once.
    given = EncodedPairs.of(pairs, source_tokenizer, target_tokenizer)

    # 2. Leave out what is longer than the model is trained on, never in silence.
    encoded = _short_enough(given, max_source_length, max_target_length)
    if len(encoded) < len(given):
        warnings.warn(
            f"{given.pairs.origin}: {len(given) - len(encoded):,} of {len(given):,} pairs are "
            "over-long and left out. Raise max_source_length and max_target_length to keep them.",
            stacklevel=2,
        )

    # 3. Or into other pieces in every epoch, where that is wanted.
    sources, targets = encoded.pairs.sources, encoded.pairs.targets
    alpha, target_alpha = subword_sampling
    sources_of = _rows_of_epochs(
        sources, encoded.sources, source_tokenizer, max_source_length, alpha, f"{seed} s"
    )
    targets_of = _rows_of_epochs(
        targets, encoded.targets, target_tokenizer, max_target_length, target_alpha, f"{seed} t"
    )

    # 4. Plan the batches of an epoch: index arrays of shape (B,).
    def plan(epoch: int, batch_count: int | None = None) -> tuple[EncodedPairs, list[np.ndarray]]:
        rows = replace(encoded, sources=sources_of(epoch), targets=targets_of(epoch))
        return rows, plan_batches(
            rows.lengths,
            batch_size,
            seed=seed,
            epoch=epoch,
            shuffle=shuffle,
            batch_tokens=batch_tokens,
            batch_count=batch_count,
        )

    batch_count = len(plan(0)[1])
    iterations = itertools.count()

    # 5. When an epoch begins, frame its batches with BOS and EOS and pad them: (B, S), (B, T).
    def batches() -> Iterator[Pair]:
        epoch = next(iterations) if epoch_counter is None else epoch_counter.epoch
        rows, left = plan(epoch, batch_count)
        if epoch_counter is not None:
            left = epoch_counter.remaining(left)
        for indices in left:
            yield frame_rows(rows.sources, rows.targets, np.tile(indices, 2) if r_drop else indices)

    ids = tf.TensorSpec([None, None], tf.int32)
    weights = tf.TensorSpec([None, None], tf.float32)
    signature = ({"source_ids": ids, "decoder_ids": ids}, ids, weights)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)

    # 6. Work ahead of the model, and say how many batches there are: the progress bar wants it.
    # `assert_cardinality` would fail in the first epoch of a resumed run, which is shorter.
    dataset = dataset.prefetch(_BATCHES_AHEAD)
    count = functools.partial(tf.constant, batch_count, tf.int64)
    dataset.cardinality = count  # pyright: ignore[reportAttributeAccessIssue]
    return dataset


def _rows_of_epochs(
    texts: list[str],
    plain: TokenRows,
    tokenizer: Tokenizer,
    max_length: int,
    alpha: float,
    seed: str,
) -> Callable[[int], TokenRows]:
    """A function from the number of an epoch to its rows: other pieces in each, if alpha is set.

    A sentence that would become too long keeps its best pieces.
    """
    if not alpha:
        return lambda epoch: plain
    sampler = SubwordSampler(tokenizer, alpha)

    @functools.lru_cache(maxsize=1)  # `fit` begins more iterations of a dataset than epochs
    def sampled(epoch: int) -> TokenRows:
        drawn = sampler.sample(texts, f"{seed} {epoch}")
        return TokenRows.of(
            row if len(row) < max_length else plain[i] for i, row in enumerate(drawn)
        )

    return sampled


def drop_over_long(
    pairs: Pairs,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    *,
    max_source_length: int = 64,
    max_target_length: int = 64,
) -> Pairs:
    """Drops the pairs that have more ids than the model is trained on, and counts them.

    The arguments are as in `make_dataset`.

    Returns:
        Pairs of the same kind, whose report counts what was dropped as `over_long`.

    Raises:
        CorpusError: no pair is left.

    Example:

    ```python
    pairs = drop_over_long(pairs, tokenizer, tokenizer, max_target_length=40)
    pairs.report.describe()     # 'train.tsv: 3,723 pairs read, 3,720 kept (3 over-long)'
    ```
    """
    encoded = EncodedPairs.of(pairs, source_tokenizer, target_tokenizer)
    kept: Any = _short_enough(encoded, max_source_length, max_target_length)
    return kept if isinstance(pairs, EncodedPairs) else kept.pairs


def token_lengths(
    pairs: SentencePairs, source_tokenizer: Tokenizer, target_tokenizer: Tokenizer
) -> np.ndarray:
    """Counts the tokens of source and target of every pair, without BOS and EOS: int64 (N, 2)."""
    return EncodedPairs.of(pairs, source_tokenizer, target_tokenizer).lengths


def _short_enough(
    encoded: EncodedPairs, max_source_length: int, max_target_length: int
) -> EncodedPairs:
    """The pairs that are short enough. Raises where none is."""
    pairs = encoded.pairs
    if not len(pairs):
        raise CorpusError(f"{pairs.origin} holds no sentence pair.")
    with_eos = encoded.lengths + 1
    over_long = (with_eos > (max_source_length, max_target_length)).any(axis=1)
    if over_long.all():
        shortest = with_eos[with_eos.max(axis=1).argmin()]
        raise CorpusError(
            f"{pairs.origin}: all of {len(pairs):,} pairs are over-long (more than "
            f"{max_source_length} source or {max_target_length} target ids, the closing EOS "
            f"among them). The shortest has {shortest[0]} and {shortest[1]}: raise "
            "max_source_length and max_target_length."
        )
    return encoded.keep(np.flatnonzero(~over_long), over_long=int(over_long.sum()))
