"""What a search has chosen so far."""

from typing import NamedTuple

from keras import ops

from keras_seq2seq.tensors import Tensor


class History(NamedTuple):
    """What constraints may look at: the tokens chosen so far, for N = B K rows.

    Attributes:
        position: int32 scalar, the number of tokens chosen so far.
        ids: int32 tensor [N, T]; only the columns before `position` count.
        rows: int. K, rows for each example; those of one example stand together.
    """

    position: Tensor
    ids: Tensor
    rows: int

    def per_row(self, values: Tensor) -> Tensor:
        """Repeats what is given per example, [B, ...], or once for all, [1, ...]: -> [N, ...]."""
        return values if self.rows == 1 else ops.repeat(values, self.rows, axis=0)

    def chosen(self) -> Tensor:
        """Bool tensor [1, T], true in the columns that hold chosen tokens."""
        return ops.arange(self.ids.shape[-1], dtype="int32")[None] < self.position
