"""Parallel text: reading, filtering, batching, and the built-in corpus."""

from typing import TYPE_CHECKING

# Lazy, so that a corpus can be read and a command line checked without waiting for TensorFlow.
if TYPE_CHECKING:
    from keras_seq2seq.data.batches.batch_plan import plan_batches as plan_batches
    from keras_seq2seq.data.cache.cache_pairs import cache_pairs as cache_pairs
    from keras_seq2seq.data.cache.cached_pairs import CachedPairs as CachedPairs
    from keras_seq2seq.data.cache.large_corpus import LargeCorpus as LargeCorpus
    from keras_seq2seq.data.cache.scanned_corpus import ScannedCorpus as ScannedCorpus
    from keras_seq2seq.data.corpus_error import CorpusError as CorpusError
    from keras_seq2seq.data.corpus_report import CorpusReport as CorpusReport
    from keras_seq2seq.data.epoch_counter import EpochCounter as EpochCounter
    from keras_seq2seq.data.parallel_text import parse_columns as parse_columns
    from keras_seq2seq.data.parallel_text import read_pairs as read_pairs
    from keras_seq2seq.data.pipeline import drop_over_long as drop_over_long
    from keras_seq2seq.data.pipeline import make_dataset as make_dataset
    from keras_seq2seq.data.pipeline import token_lengths as token_lengths
    from keras_seq2seq.data.quality.held_out import hold_out as hold_out
    from keras_seq2seq.data.sentence_pairs import SentencePairs as SentencePairs
    from keras_seq2seq.phrasebook.phrasebook import Phrasebook as Phrasebook
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
