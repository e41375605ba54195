"""Parallel text: reading, filtering, batching, and the built-in corpus."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that a corpus can be read and a command line checked without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "CorpusError": "keras_seq2seq.data.corpus_error",
        "CorpusReport": "keras_seq2seq.data.corpus_report",
        "EpochCounter": "keras_seq2seq.data.epoch_counter",
        "Phrasebook": "keras_seq2seq.phrasebook.phrasebook",
        "SentencePairs": "keras_seq2seq.data.sentence_pairs",
        "drop_over_long": "keras_seq2seq.data.pipeline",
        "make_dataset": "keras_seq2seq.data.pipeline",
        "parse_columns": "keras_seq2seq.data.parallel_text",
        "plan_batches": "keras_seq2seq.data.batch_plan",
        "read_pairs": "keras_seq2seq.data.parallel_text",
        "token_lengths": "keras_seq2seq.data.pipeline",
    },
)
