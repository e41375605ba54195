"""Any search, chosen by its options."""

import dataclasses
from collections.abc import Callable
from typing import Any

from keras import ops

from keras_seq2seq.decoding import constraints as make
from keras_seq2seq.decoding.beam.beam_search import beam_search
from keras_seq2seq.decoding.greedy import greedy_search
from keras_seq2seq.decoding.sampling import sample
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions
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
    source_length: Tensor = None,
) -> SearchResult:
    """Runs the search that the options ask for.

    Args:
        step, state, first_ids, max_length, eos_id, pad_id, finished: see `greedy_search`;
            with K beams or N samples `step` is called with B K or B N rows.
        options: `SearchOptions` whose data are tensors with batch axis B; see `within_bounds`.
        source_mask: bool tensor [B, S], for the coverage penalty.
        source_length: int tensor [B], tokens of the source without EOS, for relative lengths.

    Returns:
        A `SearchResult` [B, ...]; [B, N, ...] if `options.num_return` is above 1.
    """
    options = within_bounds(options)
    least, most = options.min_length, options.max_length
    if options.min_length_ratio is not None:
        relative = ops.floor(options.min_length_ratio * ops.cast(source_length, "float32"))
        least = _stricter(ops.maximum, least, relative)
    if options.max_length_ratio is not None:
        relative = ops.ceil(options.max_length_ratio * ops.cast(source_length + 1, "float32"))
        most = _stricter(ops.minimum, most, relative)
    shared: dict[str, Any] = {"max_length": max_length, "eos_id": eos_id, "pad_id": pad_id}
    constraints = _constraints(options, least, eos_id)
    shared |= {"finished": finished, "limit": most, "constraints": constraints}
    if options.beam_size == 1 and not options.sampling:
        return greedy_search(step, state, first_ids, **shared)
    of = "sampling" if options.sampling else "beam"
    shared |= {name: getattr(options, name) for name, about in OPTIONS.items() if about.of == of}
    shared["num_return"] = options.num_return
    if options.sampling:
        shared["seed"] = ops.zeros_like(first_ids) if options.seed is None else options.seed
        result = sample(step, state, first_ids, **shared)
    else:
        shared |= {"beam_size": options.beam_size, "source_mask": source_mask}
        result = beam_search(step, state, first_ids, **shared)
    if options.num_return > 1:
        return result
    return SearchResult(*(values[:, 0] for values in result))


def within_bounds(options: SearchOptions) -> SearchOptions:
    """The same options with every number in its bounds, so that no request fails or spoils others.

    Above the bounds counts as the greatest value; NaN, and what is below them, as the neutral one:
    top_k=-1 is all tokens. But temperatures of 0 and below are the least one: no drawing.
    """
    found = {}
    for name, value in options.data().items():
        about = OPTIONS[name]
        if about.neutral is None or about.least is None:
            continue
        value = ops.cast(value, about.kind)
        inside = value if about.most is None else ops.minimum(value, about.most)
        lowest = about.neutral
        if name == "temperature":
            lowest = ops.where(value < about.least, about.least, about.neutral)
        found[name] = ops.where(value >= about.least, inside, lowest)
    return dataclasses.replace(options, **found)


def _constraints(options: SearchOptions, least: Tensor, eos_id: int) -> list[make.Constraint]:
    values = {
        make.repetition_penalty: options.repetition_penalty,
        make.no_repeat_ngram: options.no_repeat_ngram or None,
        make.banned_sequences: options.banned_ids,
        make.only_allowed: options.allowed,
    }
    chosen = [constraint(value) for constraint, value in values.items() if value is not None]
    if least is not None:
        chosen.append(make.minimum_length(least, eos_id))
    if options.forced_ids is not None:
        chosen = [make.forced_tokens(options.forced_ids, chosen)]
    return chosen


def _stricter(choose: Callable[..., Tensor], absolute: Tensor, relative: Tensor) -> Tensor:
    relative = ops.cast(ops.minimum(relative, 2.0**30), "int32")  # 1e6 times a long source is more
    return relative if absolute is None else choose(absolute, relative)
