"""One generated text with all that is known of it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Generation:
    """A text that a model wrote, or was asked to judge, and how it came about.

    Attributes:
        text: the text itself.
        score: natural log-probability of the tokens.
        tokens: names of the T target tokens; EOS is the last if it was reached.
        token_scores: natural log-probability of each token given those before.
        source_tokens: names of the S source tokens that were read, EOS last.
        source_spans: (start, end) of each: the characters of the source that became the token.
        attention: float32 array [T, S], where each target token looked; `None` without attention.
        truncated_source: whether the source was longer than the model reads, and was cut.
        hit_max_length: whether the text ends at the limit, without EOS.
        unknown_source_tokens: source tokens that the vocabulary lacks.
        unknown_target_tokens: UNK among the target tokens, replaced or not.
    """

    text: str
    score: float
    tokens: list[str]
    token_scores: list[float]
    source_tokens: list[str]
    source_spans: list[tuple[int, int]]
    attention: np.ndarray | None
    truncated_source: bool = False
    hit_max_length: bool = False
    unknown_source_tokens: int = 0
    unknown_target_tokens: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data, ready for JSON; numbers are rounded to six places."""
        attention = self.attention
        if attention is not None:
            attention = np.round(attention.astype("float64"), 6).tolist()
        scores = [round(score, 6) for score in self.token_scores]
        rounded = {"score": round(self.score, 6), "token_scores": scores, "attention": attention}
        return vars(self) | rounded

    @classmethod
    def join(cls, parts: Sequence["Generation"], starts: Sequence[int]) -> "Generation":
        """Joins the results for parts of one source, which begin at `starts` in it."""
        if len(parts) == 1 and starts == [0]:
            return parts[0]
        blocks = [part.attention for part in parts if part.attention is not None]
        return cls(
            text=" ".join(part.text for part in parts if part.text),
            score=float(sum(part.score for part in parts)),
            tokens=[token for part in parts for token in part.tokens],
            token_scores=[score for part in parts for score in part.token_scores],
            source_tokens=[token for part in parts for token in part.source_tokens],
            source_spans=[
                (first + start, last + start)
                for part, start in zip(parts, starts, strict=True)
                for first, last in part.source_spans
            ],
            attention=_block_diagonal(blocks) if len(blocks) == len(parts) else None,
            truncated_source=any(part.truncated_source for part in parts),
            hit_max_length=any(part.hit_max_length for part in parts),
            unknown_source_tokens=sum(part.unknown_source_tokens for part in parts),
            unknown_target_tokens=sum(part.unknown_target_tokens for part in parts),
        )


def _block_diagonal(blocks: Sequence[np.ndarray]) -> np.ndarray:
    joined = np.zeros([sum(block.shape[axis] for block in blocks) for axis in (0, 1)], "float32")
    row = column = 0
    for block in blocks:
        rows, columns = block.shape
        joined[row : row + rows, column : column + columns] = block
        row, column = row + rows, column + columns
    return joined
