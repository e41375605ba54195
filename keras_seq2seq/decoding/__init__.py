"""Searches as pure functions over `step(ids, state) -> logits, state`; no model, no TensorFlow."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that the command line can read the search options for --help without Keras.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Generation": "keras_seq2seq.decoding.generation",
        "History": "keras_seq2seq.decoding.history",
        "SearchOptions": "keras_seq2seq.decoding.search_options",
        "SearchResult": "keras_seq2seq.decoding.search_result",
        "beam_search": "keras_seq2seq.decoding.beam.beam_search",
        "greedy_search": "keras_seq2seq.decoding.greedy",
        "length_divisor": "keras_seq2seq.decoding.beam.length_penalty",
        "sample": "keras_seq2seq.decoding.sampling",
        "search": "keras_seq2seq.decoding.searching",
        "token_log_probabilities": "keras_seq2seq.decoding.scoring",
    },
)
