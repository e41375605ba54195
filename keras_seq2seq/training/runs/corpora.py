"""The pairs of a run."""

from keras_seq2seq.data import parse_columns, read_pairs


def read_corpora(config):
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
