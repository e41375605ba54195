"""What can be searched: one model, or several as one."""

import dataclasses
import functools

import numpy as np
from keras import ops

from keras_seq2seq.decoding import SearchOptions, search, token_log_probabilities
from keras_seq2seq.models.compiled_method import CompiledMethod

GREEDY = SearchOptions()


class Searchable:
    """Searches, scores and attends with what a model offers. A base, not a model.

    A leaf is a `keras.Model` with `pad_id`, `bos_id`, `eos_id` and three methods: `encode`
    (source ids -> state, memory, mask), `decode_step` (one token of each row) and `decode` (T
    tokens of each row). All searches and scores go through these.
    """

    def encode(self, source_ids, cut_padding=False):
        raise NotImplementedError

    def decode_step(self, ids, state, memory, mask):
        raise NotImplementedError

    def decode(self, target_ids, state, memory, mask):
        raise NotImplementedError

    def search(self, source_ids, max_length, options=GREEDY, cut_padding=False):
        """Any search, traceable in any graph: ids [B, S] -> `SearchResult`.

        A source that is EOS alone (an empty line) gives an empty result.

        Args:
            source_ids: int tensor [B, S], EOS behind each source, padded on the right.
            max_length: int. T.
            options: `SearchOptions` whose data are tensors with batch axis B.
            cut_padding: bool. For one row of static length: the encoder takes as many steps as
                there are tokens. All that the search sees keeps its static shape.
        """
        state, memory, mask = self.encode(source_ids, cut_padding)

        def step(ids, state):
            return self.decode_step(ids, state, memory, mask)

        first = source_ids[:, 0]
        real = ops.not_equal(source_ids, self.pad_id)
        return search(
            step,
            state,
            ops.zeros_like(first) + self.bos_id,
            options,
            max_length=max_length,
            eos_id=self.eos_id,
            pad_id=self.pad_id,
            finished=ops.equal(first, self.eos_id),
            source_mask=real,
            source_length=ops.sum(ops.cast(real, "int32"), axis=1) - 1,
        )

    def score(self, source_ids, target_ids):
        """Judges given targets: ids [B, S] and [B, T] -> scores [B, T], attention [B, T, S].

        Args:
            source_ids: int tensor [B, S].
            target_ids: int tensor [B, T]; EOS behind each target, if it is whole, then PAD.

        Returns:
            float32 tensor [B, T], the natural log-probability of each token given those before
            it, 0 at padding; and float32 tensor [B, T, S] or [B, T, 0], attention.
        """
        state, memory, mask = self.encode(source_ids)
        first = ops.zeros_like(target_ids[:, :1]) + self.bos_id
        before = ops.concatenate([first, target_ids[:, :-1]], axis=1)  # [B, T]
        logits, attention = self.decode(before, state, memory, mask)
        scores = token_log_probabilities(logits, target_ids)
        return ops.where(ops.equal(target_ids, self.pad_id), 0.0, scores), attention

    def generate(self, source_ids, max_length=64, options=GREEDY):
        """Compiled search: ids [B, S] -> `SearchResult` of NumPy arrays.

        Args:
            source_ids: int array [B, S].
            max_length: int. T.
            options: `SearchOptions`; data as single values or one for each example. Each
                combination of options is compiled once, whatever the values of their data.
        """
        fixed, data = options.shape_of_graph(), options.arrays(len(source_ids))

        def run(source_ids, **data):
            return self.search(source_ids, max_length, dataclasses.replace(fixed, **data))

        key = ("search", max_length, fixed, *sorted(data))
        return self._compiled(key, run)({"source_ids": _as_ids(source_ids), **data})

    def score_ids(self, source_ids, target_ids):
        """Compiled `score`: NumPy arrays [B, T] and [B, T, S]."""
        inputs = {"source_ids": _as_ids(source_ids), "target_ids": _as_ids(target_ids)}
        return self._compiled("score", self.score)(inputs)

    @functools.cached_property
    def _compiled_methods(self):
        return {}

    def _compiled(self, key, function):
        if key not in self._compiled_methods:
            run = CompiledMethod(self, function).predict_on_batch
            self._compiled_methods[key] = run  # a bound method: Keras does not track it
        return self._compiled_methods[key]


def _as_ids(ids):
    return np.asarray(ids, "int32")
