"""Searches as pure functions over `step(ids, state) -> logits, state`; no model, no TensorFlow."""

from keras_seq2seq.decoding.greedy import greedy_search as greedy_search
from keras_seq2seq.decoding.search_result import SearchResult as SearchResult
