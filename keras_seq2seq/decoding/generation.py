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
        found = vars(self) | {"score": round(self.score, 6)}
        found["token_scores"] = [round(score, 6) for score in self.token_scores]
        if self.attention is not None:
            found["attention"] = np.round(self.attention.astype("float64"), 6).tolist()
        return found

    @classmethod
    def join(cls, parts: Sequence["Generation"], starts: Sequence[int]) -> "Generation":
        """Joins the results for parts of one source, which begin at `starts` in it."""
        if len(parts) == 1 and starts == [0]:
            return parts[0]
        blocks = [part.attention for part in parts if part.attention is not None]
        moved = zip(parts, starts, strict=True)
        columns: dict[str, Any] = {name: [vars(p)[name] for p in parts] for name in vars(parts[0])}
        joined: dict[str, Any] = {
            "text": " ".join(filter(None, columns["text"])),
            "source_spans": [(a + n, b + n) for part, n in moved for a, b in part.source_spans],
            "attention": _block_diagonal(blocks) if len(blocks) == len(parts) else None,
        }
        joined |= {n: sum(columns[n], []) for n in ("tokens", "token_scores", "source_tokens")}
        for name in ("score", "unknown_source_tokens", "unknown_target_tokens"):
            joined[name] = sum(columns[name])
        for name in ("truncated_source", "hit_max_length"):
            joined[name] = any(columns[name])
        return cls(**joined)


def _block_diagonal(blocks: Sequence[np.ndarray]) -> np.ndarray:
    joined = np.zeros([sum(block.shape[axis] for block in blocks) for axis in (0, 1)], "float32")
    row = column = 0
    for block in blocks:
        rows, columns = block.shape
        joined[row : row + rows, column : column + columns] = block
        row, column = row + rows, column + columns
    return joined
