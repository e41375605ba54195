"""One generated text with all that is known of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Generation:
    """A text that a model wrote, or was asked to judge, and how it came about.

    Attributes:
        text: str.
        score: float, natural log-probability of the tokens.
        tokens: list of T strings, names of the target tokens; EOS is the last if it was reached.
        token_scores: list of T floats, natural log-probability of each token given those before.
        source_tokens: list of S strings, names of the source tokens that were read, EOS last.
        source_spans: list of S (start, end): the characters of the source that became the token.
        attention: float32 array [T, S], where each target token looked; `None` without attention.
        truncated_source: bool. The source was longer than the model reads, and was cut.
        hit_max_length: bool. The text ends at the limit, without EOS.
        unknown_source_tokens: int. Source tokens that the vocabulary lacks.
        unknown_target_tokens: int. UNK among the target tokens, replaced or not.
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
        found = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        if self.attention is not None:
            found["attention"] = np.round(self.attention.astype("float64"), 6).tolist()
        found["score"] = round(self.score, 6)
        found["token_scores"] = [round(score, 6) for score in self.token_scores]
        return found

    @classmethod
    def join(cls, parts: Sequence[Generation], starts: Sequence[int]) -> Generation:
        """Joins the results for parts of one source, which begin at `starts` in it."""
        if len(parts) == 1 and starts == [0]:
            return parts[0]
        attention = None
        if all(part.attention is not None for part in parts):
            attention = _block_diagonal([part.attention for part in parts])
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
            attention=attention,
            truncated_source=any(part.truncated_source for part in parts),
            hit_max_length=any(part.hit_max_length for part in parts),
            unknown_source_tokens=sum(part.unknown_source_tokens for part in parts),
            unknown_target_tokens=sum(part.unknown_target_tokens for part in parts),
        )


def _block_diagonal(blocks):
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    joined = np.zeros((rows, columns), "float32")
    row = column = 0
    for block in blocks:
        joined[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return joined
