"""The ids of many sentences, in files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2

from keras_seq2seq.data.cache.built_directory import HEADER
from keras_seq2seq.data.token_rows import gather_rows


class MappedRows:
    """Rows of ids of any length in files: what `TokenRows` does, for a corpus tokenised before.

    Args:
        path: The files `<path>_ids.npy`, ids of all rows (uint16 or int32); `<path>_starts.npy`,
            where each begins in them (N,), and `<path>_lengths.npy`.
        indices: int array, of some of the rows; all if not given.

    Example:

    ```python
    rows = MappedRows(directory / "source")
    rows[0]
    ```
    """

    def __init__(self, path: Path, indices: np.ndarray | None = None):
        self.path = path
        self.indices = indices
        names = ("ids", "starts", "lengths")
        self.files = {name: path.with_name(f"{path.name}_{name}.npy") for name in names}
        maps = {name: np.load(file, mmap_mode="r") for name, file in self.files.items()}
        self.ids = maps["ids"]
        chosen: Any = slice(None) if indices is None else indices
        self.starts, self.lengths = maps["starts"][chosen], maps["lengths"][chosen]

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> np.ndarray:
        start = self.starts[index]
        return np.array(self.ids[start : start + self.lengths[index]], np.int32)

    def take(self, indices: Sequence[int] | np.ndarray) -> "MappedRows":
        """The rows at `indices`, an int array."""
        indices = np.asarray(indices, np.int64)
        return MappedRows(self.path, indices if self.indices is None else self.indices[indices])

    def in_graph(self) -> Callable[[tf.Tensor], tf.RaggedTensor]:
        """A function of places, int64 [B], that gives their rows in a graph: int32 [B, (T)].

        An operator of TensorFlow maps the files for the time of a batch: nothing of them stays in
        the memory of the process.
        """
        if self.indices is not None:
            with tf.device("CPU:0"):  # where tf.data works
                chosen = tf.constant(self.indices)
        else:
            chosen = None

        def rows(places: tf.Tensor) -> tf.RaggedTensor:
            if chosen is not None:
                places = tf.gather(chosen, places)
            starts, lengths = (self._look_up(name, places) for name in ("starts", "lengths"))
            starts += self._skipped("ids")
            return gather_rows(self._mapped("ids"), starts, tf.cast(lengths, tf.int64))

        return rows

    def _look_up(self, name: str, places: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._mapped(name), places + self._skipped(name))

    def _mapped(self, name: str) -> tf.Tensor:
        """A whole file as a tensor, its header too."""
        numbers = np.load(self.files[name], mmap_mode="r")
        mapped = tf.raw_ops.ImmutableConst(
            dtype=numbers.dtype,
            shape=[len(numbers) + self._skipped(name)],
            memory_region_name=str(self.files[name].resolve()),
        )
        # TensorFlow takes the operator for a constant to fold: it would copy the whole file, find
        # it too large, and keep the memory. What names an allocator, be it none, is not folded.
        none = attr_value_pb2.AttrValue(list=attr_value_pb2.AttrValue.ListValue())
        mapped.op._set_attr("_scoped_allocator", none)
        return mapped

    def _skipped(self, name: str) -> int:
        """How many numbers the header takes the place of."""
        dtypes = {"ids": self.ids.dtype, "starts": self.starts.dtype, "lengths": self.lengths.dtype}
        return HEADER // dtypes[name].itemsize
