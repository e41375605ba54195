"""Searches as pure functions over `step(ids, state) -> logits, state`; no model, no TensorFlow."""

from typing import TYPE_CHECKING

# Lazy, so that the command line can read the search options for --help without Keras.
if TYPE_CHECKING:
    from keras_seq2seq.decoding.beam.beam_search import beam_search as beam_search
    from keras_seq2seq.decoding.beam.length_penalty import length_divisor as length_divisor
    from keras_seq2seq.decoding.generation import Generation as Generation
    from keras_seq2seq.decoding.greedy import greedy_search as greedy_search
    from keras_seq2seq.decoding.history import History as History
    from keras_seq2seq.decoding.sampling import sample as sample
    from keras_seq2seq.decoding.scoring import token_log_probabilities as token_log_probabilities
    from keras_seq2seq.decoding.search_options import SearchOptions as SearchOptions
    from keras_seq2seq.decoding.search_result import SearchResult as SearchResult
    from keras_seq2seq.decoding.searching import search as search
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
