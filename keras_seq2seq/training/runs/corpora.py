"""The pairs of a run."""

from __future__ import annotations

from keras_seq2seq.data.parallel_text import parse_columns, read_pairs
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.training.configuration.config import DataConfig


def read_corpora(config: DataConfig) -> tuple[SentencePairs, SentencePairs]:
    """Reads the pairs to train on and those to validate on; needs no TensorFlow.

    Args:
        config: `DataConfig`.

    Returns:
        Two `SentencePairs`.

    Raises:
        CorpusError: a corpus cannot be read.
    """
    columns = parse_columns(config.columns)
    return read_pairs(config.train, columns), read_pairs(config.valid, columns)
