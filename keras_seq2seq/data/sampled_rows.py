"""The ids of a corpus, in other pieces in every epoch."""

from __future__ import annotations

import functools

import numpy as np

from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.sentencepiece.subword_sampler import SubwordSampler


class SampledRows:
    """One side of a corpus under subword regularisation.

    The pieces of epoch n depend on the seed and on n alone, so that a resumed run sees what an
    unbroken one would have seen. A sentence that would become too long keeps its best pieces.

    Args:
        texts: list of N str.
        plain: `TokenRows`, N of them: the best pieces of each text.
        sampler: `SubwordSampler`.
        max_length: int. Most ids of a row, the closing EOS among them.
        seed: str or int.

    Example:

    ```python
    rows = SampledRows(lines, encode_lines(lines, tokenizer), SubwordSampler(tokenizer, 0.2), 64, 1)
    rows.epoch(3)       # TokenRows
    ```
    """

    def __init__(
        self,
        texts: list[str],
        plain: TokenRows,
        sampler: SubwordSampler,
        max_length: int,
        seed: str | int,
    ):
        self.texts = texts
        self.plain = plain
        self.sampler = sampler
        self.max_length = max_length
        self.seed = seed
        # `fit` begins more iterations of a dataset than there are epochs.
        self.epoch = functools.lru_cache(maxsize=1)(self._epoch)

    def _epoch(self, number: int) -> TokenRows:
        """The `TokenRows` of an epoch, counted from 0."""
        rows = TokenRows.of(self.sampler.sample(self.texts, f"{self.seed} {number}"))
        too_long = rows.lengths + 1 > self.max_length
        if not too_long.any():
            return rows
        both = TokenRows(
            np.concatenate([rows.flat[:-1], self.plain.flat[:-1]]),
            np.concatenate([rows.lengths, self.plain.lengths]),
        )
        count = np.arange(len(rows))
        return both.take(np.where(too_long, count + len(rows), count))
