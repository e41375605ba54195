"""Pairs to train on that stay on disk: read and tokenised once, beside the run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_seq2seq.data.cache.large_corpus import LargeCorpus
from keras_seq2seq.data.cache.reporting import Reporting
from keras_seq2seq.data.cache.scanned_corpus import ScannedCorpus
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.training.configuration.config import DataConfig
from keras_seq2seq.training.run_directory import RunDirectory

if TYPE_CHECKING:  # they load TensorFlow, and who scores a run asks only which pairs it has
    from keras_seq2seq.data.cache.cached_pairs import CachedPairs
    from keras_seq2seq.data.encoded_pairs import EncodedPairs
    from keras_seq2seq.text.tokenizer import Tokenizer


def cache_root(data: DataConfig, run: RunDirectory) -> Path:
    """Where the caches of a run lie: beside it, so that its neighbours find them, or as it says."""
    return Path(data.cache_directory or run.path.resolve().parent / "token_cache")


def scan_large(
    pairs: Sequence[Any], data: DataConfig, run: RunDirectory, reporting: Reporting
) -> Sequence[Any]:
    """Those to train on and those to validate on, where a large corpus has been read once.

    Raises:
        CorpusError: it cannot be read, or nothing can be held out of it.
    """
    train, valid = pairs
    if not isinstance(train, LargeCorpus):
        return pairs
    root, sample = cache_root(data, run), data.vocabulary_sample
    scanned = ScannedCorpus.of(train, root, sample=sample, reporting=reporting)
    return scanned, scanned.held_out if train.holds_out else valid


def encode_pairs(
    pairs: SentencePairs | ScannedCorpus,
    tokenizers: "tuple[Tokenizer, Tokenizer]",
    limits: dict[str, int],
    alike: bool,
    reporting: Reporting,
) -> "EncodedPairs | CachedPairs":
    """Tokenises pairs once, in memory or on disk, and leaves out and counts what is over-long.

    Args:
        pairs: What to tokenise.
        tokenizers: Of sources and targets.
        limits: The longest sentences, as `make_dataset` takes them.
        alike: Whether pairs that the tokenizers cannot tell apart count once, in memory; on disk
            they always do.
        reporting: Told how far it is.
    """
    if isinstance(pairs, ScannedCorpus):
        from keras_seq2seq.data.cache.cache_pairs import cache_pairs

        return cache_pairs(pairs, *tokenizers, **limits, reporting=reporting)
    from keras_seq2seq.data.encoded_pairs import EncodedPairs
    from keras_seq2seq.data.pipeline import drop_over_long
    from keras_seq2seq.data.quality.alike import drop_alike

    pairs = drop_alike(pairs, *tokenizers) if alike else pairs
    return drop_over_long(EncodedPairs.of(pairs, *tokenizers), *tokenizers, **limits)
