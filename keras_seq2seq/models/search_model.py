"""A search as a Keras model, so that every backend compiles it."""

import keras


class SearchModel(keras.Model):
    """Wraps `Seq2Seq.search` as `call`: `predict_on_batch` runs it compiled on any backend.

    Args:
        seq2seq: the `Seq2Seq` whose weights are used.
        max_length: int. T, see `greedy_search`.

    Call arguments:
        source_ids: int32 tensor [B, S].

    Returns:
        A `SearchResult`.
    """

    def __init__(self, seq2seq, max_length, **kwargs):
        super().__init__(**kwargs)
        self.seq2seq = seq2seq
        self.max_length = max_length

    def call(self, source_ids):
        return self.seq2seq.search(source_ids, self.max_length)
