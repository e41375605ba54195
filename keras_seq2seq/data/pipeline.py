"""From sentence pairs to padded batches of ids."""

import functools
import itertools
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from keras_seq2seq.data.batches.batch_plan import count_batches, plan_batches
from keras_seq2seq.data.batches.batch_reader import (
    read_indices,
    read_rows,
    write_indices,
    write_rows,
)
from keras_seq2seq.data.cache.cached_pairs import CachedPairs
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.sentencepiece.subword_sampler import SubwordSampler
from keras_seq2seq.text.tokenizer import Tokenizer

_BATCHES_AHEAD = 8
Pairs = TypeVar("Pairs", SentencePairs, EncodedPairs, CachedPairs)
Encoded = TypeVar("Encoded", EncodedPairs, CachedPairs)


def make_dataset(
    pairs: SentencePairs | EncodedPairs | CachedPairs | Iterable[tuple[str, str]],
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
    epoch: int | None = None,
    subword_sampling: tuple[float, float] = (0.0, 0.0),
    r_drop: bool = False,
) -> tf.data.Dataset:
    """Makes the dataset that `fit` and `evaluate` take.

    Each epoch has its own order, a function of `seed` and of the number of the epoch (see
    `plan_batches`). Without an `epoch_counter` the n-th iteration that is begun counts as
    epoch n; a run that may be resumed passes a counter, also to the callbacks of `fit`. The
    sentences are tokenised once; under subword regularisation again in every epoch.

    Args:
        pairs: `SentencePairs`, a list of (source, target), or what `cache_pairs` made of a corpus
            that is too large for memory. Over-long ones are left out with a warning;
            `drop_over_long` counts them, too.
        source_tokenizer, target_tokenizer: Those of `EncodedPairs` or `CachedPairs`, if given such.
        batch_size: Pairs a batch, B.
        batch_tokens: Where above 0, about so many tokens a batch, see `plan_batches`. All epochs
            have as many batches as the first.
        max_source_length, max_target_length: Most ids of a sentence, EOS among them.
        shuffle: False delivers the pairs sorted by length, for validation.
        seed: Seed of the order, at least 0.
        epoch_counter: Says which epoch it is, and from which batch on.
        epoch: Holds this one alone, the same in every iteration. No Python is left in such a
            dataset: `tf.data` service can take it to other machines.
        subword_sampling: The alpha of `SubwordSampler` for sources and for targets; 0 takes the
            best pieces always, as validation wants it.
        r_drop: Whether a batch holds its pairs twice, one half below the other, as the `r_drop`
            of `SequenceCrossentropy` wants it: 2B rows for every B below.

    Returns:
        A `tf.data.Dataset` that yields (x, y, sample_weight), as `encode_pair` gives them. Its
        cardinality is that of a whole epoch.

    Raises:
        CorpusError: there are no pairs, or all are over-long.
        ValueError: an argument is out of range, or both `epoch_counter` and `epoch` are given.

    Example:

    ```python
    dataset = make_dataset(read_pairs("train.tsv"), korean, english, batch_size=128)
    model.fit(dataset, epochs=10)
    ```
    """
    if epoch is not None and epoch_counter is not None:
        raise ValueError(
            "make_dataset: give `epoch`, or an `epoch_counter` that says it, not both."
        )

    # 1. Turn all sentences into ids, once.
    cached = isinstance(pairs, CachedPairs)
    given: Any = pairs if cached else EncodedPairs.of(pairs, source_tokenizer, target_tokenizer)
    if cached and any(subword_sampling):
        raise ValueError(
            "make_dataset: subword sampling cuts the words of texts anew, but pairs from a cache "
            "have ids alone. Read the corpus into memory, or leave subword_sampling out."
        )

    # 2. Leave out what is longer than the model is trained on, never in silence.
    encoded: Any = _short_enough(given, max_source_length, max_target_length)
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
    sampled = any(subword_sampling)

    # 4. Plan the batches of an epoch: index arrays of shape (B,).
    sizes: dict[str, Any] = {"shuffle": shuffle, "batch_tokens": batch_tokens, "seed": seed}

    def plan(number: int) -> list[np.ndarray]:
        lengths = np.stack([sources_of(number).lengths, targets_of(number).lengths], axis=1)
        return plan_batches(lengths, batch_size, epoch=number, batch_count=batch_count, **sizes)

    batch_count = count_batches(
        np.stack([sources_of(0).lengths, targets_of(0).lengths], axis=1), batch_size, **sizes
    )

    # 5. Write each down as a string: the places of its rows, or the ids that were drawn for it.
    def written(number: int, batches: list[np.ndarray]) -> np.ndarray:
        rows = (sources_of(number), targets_of(number)) if sampled else ()
        write: Any = functools.partial(write_rows, *rows) if sampled else write_indices
        strings = [write(np.tile(indices, 1 + r_drop)) for indices in batches]
        return np.array(strings, object)  # (batches,)

    iterations = itertools.count()

    def epoch_begins() -> np.ndarray:
        number = next(iterations) if epoch_counter is None else epoch_counter.epoch
        left = plan(number)
        return written(number, left if epoch_counter is None else epoch_counter.remaining(left))

    # 6. From here on there are operators of TensorFlow alone.
    if epoch is not None:
        batches = tf.data.Dataset.from_tensor_slices(written(epoch, plan(epoch)))
    else:
        # The static shape declares how many batches an epoch has, which `fit` and its progress bar
        # want to know. A dataset that knows better, as by `assert_cardinality`, would fail in the
        # first epoch of a resumed run, which is shorter.
        def begin(_: tf.Tensor) -> tf.Tensor:
            strings: Any = tf.numpy_function(epoch_begins, [], tf.string)
            strings.set_shape([batch_count])
            return strings

        batches = tf.data.Dataset.from_tensors(0).map(begin).unbatch()

    # 7. Look the ids up, frame them with BOS and EOS and pad them: (B, S), (B, T).
    read = (
        read_rows
        if sampled
        else functools.partial(
            read_indices, sources=encoded.sources.in_graph(), targets=encoded.targets.in_graph()
        )
    )
    return batches.map(read, tf.data.AUTOTUNE, deterministic=True).prefetch(_BATCHES_AHEAD)


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
    if isinstance(pairs, (EncodedPairs, CachedPairs)):
        return _short_enough(pairs, max_source_length, max_target_length)
    encoded = EncodedPairs.of(pairs, source_tokenizer, target_tokenizer)
    kept: Any = _short_enough(encoded, max_source_length, max_target_length).pairs
    return kept


def token_lengths(
    pairs: SentencePairs, source_tokenizer: Tokenizer, target_tokenizer: Tokenizer
) -> np.ndarray:
    """Counts the tokens of source and target of every pair, without BOS and EOS: int64 (N, 2)."""
    return EncodedPairs.of(pairs, source_tokenizer, target_tokenizer).lengths


def _short_enough(encoded: Encoded, max_source_length: int, max_target_length: int) -> Encoded:
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
