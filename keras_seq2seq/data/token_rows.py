"""The ids of many sentences, packed."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.text.special_tokens import PAD


class TokenRows:
    """Rows of ids of any length in two flat arrays: a corpus of 30,000 lines takes 2 MB.

    `flat` are the ids of all rows, one after the other; `lengths` (N,) those of each row.

    Example:

    >>> rows = TokenRows.of([[5, 6], [], [7]])
    >>> len(rows), rows.lengths.tolist(), rows[0].tolist()
    (3, [2, 0, 1], [5, 6])
    >>> rows.in_graph()([0, 2]).to_list()
    [[5, 6], [7]]
    """

    def __init__(self, flat: np.ndarray, lengths: np.ndarray):
        self.lengths = np.asarray(lengths, np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths  # (N,)
        # One more, so that a row that is empty points to something too.
        self.flat = np.append(np.asarray(flat, np.int32), np.int32(PAD))

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | np.ndarray]) -> "TokenRows":
        """Packs lists of ids."""
        rows = list(rows)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = np.fromiter((i for row in rows for i in row), np.int32, int(lengths.sum()))
        return cls(flat, lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> np.ndarray:
        start = self.starts[index]
        return self.flat[start : start + self.lengths[index]]

    def take(self, indices: Sequence[int] | np.ndarray) -> "TokenRows":
        """The rows at `indices`, an int array."""
        indices = np.asarray(indices, np.int64)
        lengths = self.lengths[indices]
        # Where each id comes from: the start of its row and its place in it.
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return TokenRows(self.flat[np.repeat(self.starts[indices], lengths) + within], lengths)

    def in_graph(self) -> Callable[[tf.Tensor], tf.RaggedTensor]:
        """A function of places, int64 [B], that gives their rows in a graph: int32 [B, (T)]."""
        with tf.device("CPU:0"):  # where tf.data works
            flat, starts, lengths = map(tf.constant, (self.flat, self.starts, self.lengths))

        def rows(places: tf.Tensor) -> tf.RaggedTensor:
            return gather_rows(flat, tf.gather(starts, places), tf.gather(lengths, places))

        return rows


def gather_rows(flat: tf.Tensor, starts: tf.Tensor, lengths: tf.Tensor) -> tf.RaggedTensor:
    """Rows of a flat tensor of ids, from where they start, int64 [B]: int32 [B, (T)]."""
    places: Any = tf.ragged.range(starts, starts + lengths)
    return places.with_flat_values(tf.cast(tf.gather(flat, places.flat_values), tf.int32))
