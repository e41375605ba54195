"""Any search, chosen by its options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from keras_seq2seq.decoding import constraints as make
from keras_seq2seq.decoding.beam.beam_search import beam_search
from keras_seq2seq.decoding.greedy import greedy_search
from keras_seq2seq.decoding.sampling import sample
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.tensors import Tensor


def search(
    step: Callable[..., Any],
    state: Any,
    first_ids: Tensor,
    options: SearchOptions,
    *,
    max_length: int,
    eos_id: int,
    pad_id: int,
    finished: Tensor | None = None,
    source_mask: Tensor | None = None,
    source_length: Tensor | None = None,
) -> SearchResult:
    """Runs the search that the options ask for.

    Args:
        step, state, first_ids, max_length, eos_id, pad_id, finished: see `greedy_search`;
            with K beams or N samples `step` is called with B K or B N rows.
        options: `SearchOptions` whose data are tensors with batch axis B.
        source_mask: bool tensor [B, S], for the coverage penalty.
        source_length: int tensor [B], tokens of the source without EOS, for relative lengths.

    Returns:
        A `SearchResult`, with the axes [B, N, ...] if `options.num_return` is above 1, else
        [B, ...].
    """
    shared = {
        "max_length": max_length,
        "eos_id": eos_id,
        "pad_id": pad_id,
        "finished": finished,
        "limit": _limit(options, source_length),
        "constraints": _constraints(options, source_length, eos_id),
    }
    if options.sampling:
        seed = ops.zeros_like(first_ids) if options.seed is None else options.seed
        result = sample(
            step,
            state,
            first_ids,
            seed=seed,
            num_return=options.num_return,
            temperature=options.temperature,
            top_k=options.top_k,
            top_p=options.top_p,
            **shared,
        )
    elif options.beam_size > 1:
        result = beam_search(
            step,
            state,
            first_ids,
            beam_size=options.beam_size,
            num_return=options.num_return,
            length_penalty=options.length_penalty,
            length_normalization=options.length_normalization,
            coverage_penalty=options.coverage_penalty,
            source_mask=source_mask,
            diversity=options.diversity,
            **shared,
        )
    else:
        return greedy_search(step, state, first_ids, **shared)
    if options.num_return > 1:
        return result
    return SearchResult(*(values[:, 0] for values in result))


def _constraints(options, source_length, eos_id):
    chosen = []
    if options.repetition_penalty is not None:
        chosen.append(make.repetition_penalty(options.repetition_penalty))
    if options.no_repeat_ngram:
        chosen.append(make.no_repeat_ngram(options.no_repeat_ngram))
    if options.banned_ids:
        chosen.append(make.banned_sequences(options.banned_ids))
    if options.allowed is not None:
        chosen.append(make.only_allowed(options.allowed))
    minimum = options.min_length
    if options.min_length_ratio is not None:
        relative = ops.floor(options.min_length_ratio * ops.cast(source_length, "float32"))
        relative = ops.cast(relative, "int32")
        minimum = relative if minimum is None else ops.maximum(minimum, relative)
    if minimum is not None:
        chosen.append(make.minimum_length(minimum, eos_id))
    if options.forced_ids is not None:
        chosen = [make.forced_tokens(options.forced_ids, chosen)]
    return chosen


def _limit(options, source_length):
    limit = options.max_length
    if options.max_length_ratio is not None:
        relative = ops.ceil(options.max_length_ratio * ops.cast(source_length + 1, "float32"))
        relative = ops.cast(relative, "int32")
        limit = relative if limit is None else ops.minimum(limit, relative)
    return limit
