"""From sentence pairs to padded batches of ids."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import tensorflow as tf

from keras_seq2seq.data.batch_plan import plan_batches
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text.framing import encode_pair

_MEASURE_BATCH = 1024  # sentences tokenised at a time when lengths are counted


def make_dataset(
    pairs: SentencePairs,
    source_tokenizer,
    target_tokenizer,
    *,
    batch_size: int = 64,
    max_source_length: int = 64,
    max_target_length: int = 64,
    shuffle: bool = True,
    seed: int = 0,
    epoch_counter: EpochCounter | None = None,
) -> tf.data.Dataset:
    """Makes the dataset that `fit` and `evaluate` take.

    Each epoch has its own order, a function of `seed` and of the number of the epoch (see
    `plan_batches`). Without an `epoch_counter` the n-th iteration that is begun counts as
    epoch n, which is good for a plain `fit`; a run that may be resumed passes a counter, also
    to the callbacks of `fit`.

    Args:
        pairs: `SentencePairs`. Over-long ones are left out with a warning; `drop_over_long`
            leaves them out beforehand, and counts them in the report.
        source_tokenizer: `Tokenizer` of the sources.
        target_tokenizer: `Tokenizer` of the targets.
        batch_size: int. Pairs a batch, B.
        max_source_length: int. Most ids of a source, the closing EOS among them.
        max_target_length: int. Most ids of a target, the closing EOS among them.
        shuffle: bool. False delivers the pairs sorted by length, for validation.
        seed: int, at least 0. Seed of the order.
        epoch_counter: `EpochCounter`. Says which epoch it is.

    Returns:
        A `tf.data.Dataset` of known cardinality that yields (x, y, sample_weight): x is a dict
        of `source_ids`, int32 (B, S), and `target_ids`, int32 (B, T), which begins with BOS;
        y is int32 (B, T) and ends with EOS; sample_weight is float32 (B, T), 1 on real tokens
        and 0 on padding.

    Raises:
        CorpusError: there are no pairs, or all are over-long.
        ValueError: an argument is out of range.

    Example:

    ```python
    dataset = make_dataset(read_pairs("train.tsv"), korean, english, batch_size=128)
    model.fit(dataset, epochs=10)
    ```
    """
    # 1. Count the tokens of every pair: int64 (N, 2).
    lengths = token_lengths(pairs, source_tokenizer, target_tokenizer)

    # 2. Leave out what is longer than the model is trained on, never in silence.
    fits = _fits(pairs, lengths, max_source_length, max_target_length)
    if not fits.all():
        warnings.warn(_over_long_message(pairs, fits), stacklevel=2)
    lengths = lengths[fits]
    sources = tf.constant([pairs.sources[i] for i in np.flatnonzero(fits)])
    targets = tf.constant([pairs.targets[i] for i in np.flatnonzero(fits)])

    # 3. Plan the batches of an epoch, when it begins: index arrays of shape (B,).
    def plan(epoch):
        return plan_batches(lengths, batch_size, seed=seed, epoch=epoch, shuffle=shuffle)

    batch_count = len(plan(0))
    iterations = itertools.count()

    def batches():
        yield from plan(next(iterations) if epoch_counter is None else epoch_counter.epoch)

    dataset = tf.data.Dataset.from_generator(
        batches, output_signature=tf.TensorSpec([None], tf.int64)
    )

    # 4. Gather the sentences, tokenise them, frame them with BOS and EOS, pad them: (B, S), (B, T).
    def encode(indices):
        return encode_pair(
            source_tokenizer,
            target_tokenizer,
            tf.gather(sources, indices),
            tf.gather(targets, indices),
            max_source_length=max_source_length,
            max_target_length=max_target_length,
        )

    dataset = dataset.map(encode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    # 5. Say how many batches there are (the progress bar wants it) and work ahead of the model.
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(batch_count))
    return dataset.prefetch(tf.data.AUTOTUNE)


def drop_over_long(
    pairs: SentencePairs,
    source_tokenizer,
    target_tokenizer,
    *,
    max_source_length: int = 64,
    max_target_length: int = 64,
) -> SentencePairs:
    """Drops the pairs that have more ids than the model is trained on, and counts them.

    Args:
        pairs: `SentencePairs`.
        source_tokenizer: `Tokenizer` of the sources.
        target_tokenizer: `Tokenizer` of the targets.
        max_source_length: int. Most ids of a source, the closing EOS among them.
        max_target_length: int. Most ids of a target, the closing EOS among them.

    Returns:
        `SentencePairs` whose report counts what was dropped as `over_long`.

    Raises:
        CorpusError: no pair is left.

    Example:

    ```python
    pairs = drop_over_long(pairs, tokenizer, tokenizer, max_target_length=40)
    pairs.report.describe()     # 'train.tsv: 3,723 pairs read, 3,720 kept (3 over-long)'
    ```
    """
    lengths = token_lengths(pairs, source_tokenizer, target_tokenizer)
    fits = _fits(pairs, lengths, max_source_length, max_target_length)
    return pairs.keep(np.flatnonzero(fits).tolist(), over_long=int((~fits).sum()))


def token_lengths(pairs: SentencePairs, source_tokenizer, target_tokenizer) -> np.ndarray:
    """Counts the tokens of every pair, BOS and EOS not among them.

    Args:
        pairs: `SentencePairs`, N of them.
        source_tokenizer: `Tokenizer` of the sources.
        target_tokenizer: `Tokenizer` of the targets.

    Returns:
        An int64 array of shape (N, 2): tokens of source and of target.

    Example:

    ```python
    token_lengths(SentencePairs(["ab"], ["abc"]), ByteTokenizer(), ByteTokenizer())   # [[2, 3]]
    ```
    """
    sides = ((pairs.sources, source_tokenizer), (pairs.targets, target_tokenizer))
    columns = [_count_tokens(texts, tokenizer) for texts, tokenizer in sides]
    return np.stack(columns, axis=1)  # (N, 2)


def _count_tokens(texts: list[str], tokenizer) -> np.ndarray:
    if not texts:
        return np.zeros([0], np.int64)
    batches = tf.data.Dataset.from_tensor_slices(tf.constant(texts)).batch(_MEASURE_BATCH)
    counts = batches.map(
        lambda batch: tokenizer.tokenize(batch).row_lengths(), num_parallel_calls=tf.data.AUTOTUNE
    )
    return np.concatenate([count.astype(np.int64) for count in counts.as_numpy_iterator()])


def _fits(pairs, lengths, max_source_length, max_target_length) -> np.ndarray:
    """Which pairs are short enough: bool (N,). Raises where none is."""
    if not len(pairs):
        raise CorpusError(f"{pairs.origin} holds no sentence pair.")
    with_eos = lengths + 1
    fits = (with_eos <= (max_source_length, max_target_length)).all(axis=1)
    if not fits.any():
        shortest = with_eos[with_eos.max(axis=1).argmin()]
        raise CorpusError(
            f"{pairs.origin}: all of {len(pairs):,} pairs are over-long (more than "
            f"{max_source_length} source or {max_target_length} target ids, the closing EOS "
            f"among them). The shortest has {shortest[0]} and {shortest[1]}: raise "
            "max_source_length and max_target_length."
        )
    return fits


def _over_long_message(pairs, fits) -> str:
    return (
        f"{pairs.origin}: {int((~fits).sum()):,} of {len(pairs):,} pairs are over-long and left "
        "out. Raise max_source_length and max_target_length to keep them."
    )
