"""One step of beam search."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_seq2seq.decoding.beam.beams import Beams
from keras_seq2seq.decoding.beam.length_penalty import length_divisor
from keras_seq2seq.decoding.constraints import DEAD, FORBIDDEN, Constraint, constrain_all
from keras_seq2seq.decoding.history import History
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.fast_paths.vocabulary import log_normalizer, top_tokens
from keras_seq2seq.tensors import Tensor


@dataclasses.dataclass(frozen=True)
class BeamStep:
    """Takes the `Beams` one token further. The fields are the arguments of `beam_search`."""

    step: Callable[..., Any]
    beam_size: int
    eos_id: int
    limit: Tensor
    constraints: tuple[Constraint, ...]
    num_return: int
    length_penalty: Tensor
    length_normalization: str
    coverage_penalty: Tensor
    source_mask: Tensor
    diversity: Tensor

    def start(
        self, state: Any, first_ids: Tensor, empty: Tensor, max_length: int, pad_id: int
    ) -> Beams:
        """The `Beams` before the first step: one beginning, BOS; `empty` examples are done."""
        beams = self.beam_size
        first = ops.arange(beams, dtype="int32")[None] == 0  # [1, K]
        zeros = ops.zeros_like(first_ids)[:, None] + ops.zeros((1, beams), "int32")  # [B, K]
        ids = zeros[..., None] + ops.full((1, 1, max_length), pad_id, dtype="int32")  # [B, K, T]
        score = ops.cast(zeros, "float32")
        ranking = score + ops.where(first, 0.0, FORBIDDEN)  # K equal ones would stay equal
        nothing = ops.where(ops.logical_and(empty[:, None], first), 0.0, FORBIDDEN)
        coverage = ()
        if self.coverage_penalty is not None:
            mask = ops.cast(self.source_mask, "float32")[:, None]
            coverage = score[..., None] + ops.zeros_like(mask)  # [B, K, S]
        return Beams(
            position=ops.convert_to_tensor(0, dtype="int32"),
            last_ids=ops.repeat(first_ids, beams, axis=0),
            state=keras.tree.map_structure(lambda x: ops.repeat(x, beams, axis=0), state),
            ids=ids,
            score=score,
            ranking=ranking,
            coverage=coverage,
            pool=SearchResult(ids, zeros, score, score + nothing),
            count=ops.zeros_like(first_ids),
            done=empty,
        )

    def __call__(self, beams: Beams) -> Beams:
        logits, state, *attention = self.step(beams.last_ids, beams.state)  # [B K, V]
        coverage = self._cover(beams.coverage, attention)
        token, gain, value = self._best_of_each_beam(logits, beams)  # [B, K, W]

        # The C = 2K best continuations of each example, whichever beginning they continue.
        width, size = token.shape[-1], self.beam_size
        ranking = beams.ranking[..., None] + value
        order = ranking
        if self.diversity is not None:
            places = ops.arange(width, dtype="float32")  # among siblings
            order = ranking - self.diversity[:, None, None] * places  # [B, K, W]
        order, index = ops.top_k(_flat(order), min(2 * size, size * width))  # [B, C]
        index = ops.cast(index, "int32")
        parent = index // width
        token, ranking = gather(_flat(token), index), gather(_flat(ranking), index)
        score = gather(_flat(beams.score[..., None] + gain), index)
        place = ops.arange(beams.ids.shape[-1], dtype="int32") == beams.position  # [T]
        ids = ops.where(place, token[..., None], gather(beams.ids, parent))  # [B, C, T]

        # Of the K best, those that end become hypotheses.
        position = beams.position + 1
        is_eos, exists = token == self.eos_id, ranking > DEAD
        ends = ops.logical_or(is_eos, (position >= self.limit)[:, None])
        new = (ends & exists & ~beams.done[:, None])[:, :size]
        length = position - ops.cast(is_eos, "int32")
        final = ranking / self._divisor(position)[:, None]
        if self.coverage_penalty is not None:
            final = final + gather(self._coverage_term(coverage), parent)
        found = SearchResult(ids, length, score, final)
        pool = _merge(beams.pool, [values[:, :size] for values in found], new)
        count = beams.count + ops.sum(ops.cast(new, "int32"), axis=1)

        # The K best of those that do not end stay open.
        order = ops.where(ops.logical_or(ends, ops.logical_not(exists)), FORBIDDEN, order)
        best, index = ops.top_k(order, size)  # [B, K]
        index = ops.cast(index, "int32")
        is_open = best > DEAD
        parent = gather(parent, index)
        rows = ops.arange(ops.shape(parent)[0], dtype="int32")[:, None] * size
        rows = ops.reshape(rows + parent, (-1,))  # [B K]
        ranking = ops.where(is_open, gather(ranking, index), FORBIDDEN)
        done = beams.done | (count >= size) | (position >= self.limit) | ~ops.any(is_open, axis=1)
        return Beams(
            position=position,
            last_ids=ops.reshape(gather(token, index), (-1,)),
            state=keras.tree.map_structure(lambda x: ops.take(x, rows, axis=0), state),
            ids=gather(ids, index),
            score=gather(score, index),
            ranking=ranking,
            coverage=gather(coverage, parent) if self.coverage_penalty is not None else (),
            pool=pool,
            count=count,
            done=ops.logical_or(done, self._cannot_win(ranking, position, pool)),
        )

    def _best_of_each_beam(self, logits: Tensor, beams: Beams) -> tuple[Tensor, Tensor, Tensor]:
        """The W = 2K best tokens of each beginning, their log-probability, and that constrained."""
        size, vocabulary_size = self.beam_size, logits.shape[-1]
        width = 2 * size if vocabulary_size is None else min(2 * size, vocabulary_size)
        if self.constraints:
            norm = log_normalizer(logits)[:, None]  # [B K, 1]
            history = History(beams.position, _join(beams.ids), size)
            values = constrain_all(self.constraints, logits - norm, history, self.eos_id)
            value, token = top_tokens(values, width)  # [B K, W]
            gain = gather(logits, token) - norm
        else:
            value, token = top_tokens(logits, width)
            norm = log_normalizer(logits, token[:, 0])[:, None]  # [B K, 1]
            gain = value = value - norm
        token, gain, value = (ops.reshape(x, (-1, size, width)) for x in (token, gain, value))
        return token, gain, value

    def _divisor(self, length: Tensor) -> Tensor:
        return length_divisor(length, self.length_penalty, self.length_normalization)  # [B]

    def _cannot_win(self, ranking: Tensor, position: Tensor, pool: SearchResult) -> Tensor:
        """Whether no open beginning can come among the best N: what follows only costs."""
        divisor = ops.maximum(self._divisor(position + 1), self._divisor(self.limit))
        bound = ops.max(ranking, axis=1) / divisor  # [B]
        return bound <= pool.ranking[:, self.num_return - 1]

    def _cover(self, coverage: Tensor, attention: list[Tensor]) -> Tensor:
        if self.coverage_penalty is None:
            return ()
        if not attention or attention[0].shape[-1] == 0:
            raise ValueError("beam_search: coverage_penalty needs a model with attention.")
        shape = (-1, self.beam_size, ops.shape(attention[0])[-1])
        return coverage + ops.reshape(attention[0], shape)  # [B, K, S]

    def _coverage_term(self, coverage: Tensor) -> Tensor:
        """beta times the sum of log(min(coverage, 1)) over the source: [B, K], at most 0."""
        covered = ops.log(ops.clip(coverage, 1e-6, 1.0))
        covered = ops.where(self.source_mask[:, None], covered, 0.0)
        return self.coverage_penalty[:, None] * ops.sum(covered, axis=-1)


def gather(values: Tensor, index: Tensor) -> Tensor:
    """values [B, M, ...] at index [B, J] -> [B, J, ...]."""
    rows = ops.arange(ops.shape(index)[0], dtype="int32")[:, None] * ops.shape(values)[1]
    return ops.take(_join(values), rows + ops.cast(index, "int32"), axis=0)


def _join(values: Tensor) -> Tensor:
    """[B, M, ...] -> [B M, ...]"""
    return ops.reshape(values, (-1, *ops.shape(values)[2:]))


def _flat(values: Tensor) -> Tensor:
    """[B, K, W] -> [B, K W]"""
    return ops.reshape(values, (-1, values.shape[1] * values.shape[2]))


def _merge(pool: SearchResult, found: list[Tensor], new: Tensor) -> SearchResult:
    """The K best hypotheses of the pool and of those found now, where `new` [B, K] is true."""
    ranking = ops.concatenate([pool.ranking, ops.where(new, found[-1], FORBIDDEN)], axis=1)
    ranking, index = ops.top_k(ranking, pool.ranking.shape[1])
    both = (ops.concatenate(pair, axis=1) for pair in zip(pool[:3], found[:3], strict=True))
    return SearchResult._make([*(gather(values, index) for values in both), ranking])
