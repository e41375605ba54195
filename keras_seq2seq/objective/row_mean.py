"""The mean loss of an epoch, in which only real rows count."""

import threading
from typing import Any

import keras
from keras import ops

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor


class RowMean(KnownNames, keras.metrics.Mean):
    """Mean of the losses of batches, each weighted by its rows that have a weight themselves.

    Keras weights a batch by its rows, among them those of weight 0 that fill the parts of several
    devices up. Here what it hands over waits until the rows are counted, in the same step.

    Example:

    >>> mean = RowMean()
    >>> mean.update_state(2.0, sample_weight=4)
    >>> weights = keras.ops.array([[1.0, 0], [1, 1], [0, 0], [0, 0]])
    >>> mean.count_rows(keras.ops.zeros((4, 2)), weights)
    >>> float(mean.result()), float(mean.count)
    (2.0, 2.0)
    """

    def __init__(self, name: str = "row_mean", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        # By thread: `MirroredStrategy` traces each device in one, and turns between them. Keras
        # shall not take it for a part.
        self.__dict__["_waiting"] = {}

    def update_state(self, values: Tensor, sample_weight: Tensor = None) -> None:
        """Takes the loss of a batch, a scalar; its number of rows is not looked at."""
        self._waiting[threading.get_ident()] = values

    def count_rows(self, targets: Tensor, sample_weight: Tensor = None) -> None:
        """Adds the loss that waits, of targets [B, ...] with weights [B], [B, T] or `None`."""
        values = self._waiting.pop(threading.get_ident(), None)
        if values is None:  # while Keras builds the metrics, there is no loss yet
            return
        rows = ops.cast(ops.shape(targets)[0], "float32")
        if sample_weight is not None:
            weights = ops.reshape(sample_weight, (ops.shape(sample_weight)[0], -1))  # [B, T]
            weighted = ops.not_equal(weights, 0)  # NaN is, too
            rows = ops.sum(ops.cast(ops.any(weighted, axis=1), "float32"))
        super().update_state(values, sample_weight=rows)
