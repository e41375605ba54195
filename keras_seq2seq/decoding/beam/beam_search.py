"""Beam search."""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_seq2seq.decoding.beam.beam_step import BeamStep
from keras_seq2seq.decoding.beam.beams import Beams
from keras_seq2seq.decoding.constraints import DEAD, Constraint
from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.tensors import Tensor


def beam_search(
    step: Callable[..., Any],
    state: Any,
    first_ids: Tensor,
    *,
    beam_size: int,
    max_length: int,
    eos_id: int,
    pad_id: int,
    finished: Tensor | None = None,
    limit: Tensor | None = None,
    constraints: Sequence[Constraint] = (),
    num_return: int = 1,
    length_penalty: Tensor = OPTIONS["length_penalty"].neutral,
    length_normalization: str = OPTIONS["length_normalization"].default,
    coverage_penalty: Tensor | None = None,
    source_mask: Tensor | None = None,
    diversity: Tensor | None = None,
) -> SearchResult:
    """Keeps the K most probable beginnings of each example, and returns the best hypotheses.

    At each step the 2K best continuations of an example are looked at. Of the best K, those that
    end with EOS become hypotheses and are frozen; the K best that do not end stay open. An
    example is done when it has K hypotheses, when no open beginning can come to rank among the
    best `num_return` any more, or at its limit, where the K best continuations become hypotheses as
    they are. So K = 1 is greedy search, and a K as large as the space finds the best of all.

    Args:
        step: callable `(ids [B K], state) -> (logits float32 [B K, V], state)`, or with attention
            weights [B K, S] as a third result; the K rows of an example stand together.
        state, first_ids, max_length, eos_id, pad_id, finished, limit, constraints: see
            `greedy_search`; T is `max_length`.
        beam_size: K.
        num_return: N from 1 to K, how many hypotheses are returned.
        length_penalty: float tensor [B], or one float. alpha, see `length_divisor`.
        length_normalization: `"wu"` or `"average"`, see `length_divisor`.
        coverage_penalty: float tensor [B], or one float, at least 0. beta: hypotheses that leave
            parts of the source unattended rank lower. It needs attention; `None` means 0.
        source_mask: bool tensor [B, S], true on real positions, for the coverage.
        diversity: float tensor [B], or one float, at least 0. Each continuation of one beginning
            ranks lower by this times its place among its siblings, so that hypotheses differ more.

    Returns:
        A `SearchResult` with the axes [B, N, ...], best first.

    Raises:
        ValueError: if beam_size or num_return is out of range, or coverage wants an attention
            that `step` does not give.

    Example:

    >>> count_up = lambda ids, state: (5.0 * ops.one_hot(ids + 1, 6), state)
    >>> start = ops.array([2], dtype="int32")
    >>> result = beam_search(count_up, (), start, beam_size=3, max_length=5, eos_id=4, pad_id=0)
    >>> result.ids.numpy().tolist()
    [[[3, 4, 0, 0, 0]]]

    Reference: [Wu et al., 2016](https://arxiv.org/abs/1609.08144), section 7 (penalties);
    [Li and Jurafsky, 2016](https://arxiv.org/abs/1601.00372), eq. 9 (diversity).
    """
    if not 1 <= num_return <= beam_size:
        raise ValueError(
            f"beam_search: num_return={num_return} must lie between 1 and beam_size={beam_size}."
        )
    first_ids = ops.cast(first_ids, "int32")
    zeros = ops.zeros_like(first_ids)  # [B]
    last = zeros + max_length if limit is None else ops.minimum(limit, max_length)

    def per_example(value: Tensor | None) -> Tensor | None:
        return None if value is None else ops.cast(zeros, "float32") + ops.cast(value, "float32")

    beam_step = BeamStep(
        step=step,
        beam_size=beam_size,
        eos_id=eos_id,
        limit=last,
        constraints=tuple(constraints),
        num_return=num_return,
        length_penalty=per_example(length_penalty),
        length_normalization=length_normalization,
        coverage_penalty=per_example(coverage_penalty),
        source_mask=source_mask,
        diversity=per_example(diversity),
    )
    empty = last < 1 if finished is None else ops.logical_or(finished, last < 1)
    beams = beam_step.start(state, first_ids, empty, max_length, pad_id)

    def unfinished(beams: Beams) -> Tensor:
        going = ops.logical_not(ops.all(beams.done))
        return ops.logical_and(beams.position < max_length, going)

    (beams,) = ops.while_loop(unfinished, lambda beams: (beam_step(beams),), (beams,))
    ids, length, score, ranking = (best[:, :num_return] for best in beams.pool)
    missing = ranking < DEAD
    # Each example has one hypothesis at least, unless logits are NaN, which compare as false.
    lost = ops.logical_and(missing, ops.arange(num_return, dtype="int32")[None] == 0)
    score = ops.where(lost, float("nan"), score)
    return SearchResult(ops.where(missing[..., None], pad_id, ids), length, score, ranking)
