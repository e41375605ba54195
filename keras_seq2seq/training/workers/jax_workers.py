"""Devices and processes of JAX under `keras.distribution.DataParallel`."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.training.workers.batch_share import share_of_batches
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses
from keras_seq2seq.training.workers.workers import Workers


class JaxWorkers(Workers):
    """All devices of JAX, in one process or in several.

    Args:
        addresses: The processes; `None` stands for this one alone.
    """

    def __init__(self, addresses: WorkerAddresses | None = None):
        import jax  # pyright: ignore[reportMissingImports]

        if addresses is not None and len(addresses.addresses) > 1:
            self.index, self.count = addresses.index, len(addresses.addresses)
            if not jax.distributed.is_initialized():
                keras.distribution.initialize(addresses.addresses[0], self.count, self.index)
        self.devices = jax.device_count()
        self._distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
        self.views_apart = True

    def scope(self) -> AbstractContextManager[Any]:
        return self._distribution.scope()

    def together(self) -> AbstractContextManager[Any]:
        return self._distribution.scope()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(before)

    def share(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        if self.devices == 1:
            return dataset
        own = self.devices // self.count
        shared = share_of_batches(dataset, self.index * own, own, self.devices, together=True)
        shared.cardinality = dataset.cardinality  # pyright: ignore[reportAttributeAccessIssue]
        return shared

    def agree(self, *numbers: float) -> list[float]:
        if self.count == 1:
            return list(numbers)
        from jax.experimental import multihost_utils  # pyright: ignore[reportMissingImports]

        said = multihost_utils.process_allgather(np.array(numbers, "float32"))
        return np.asarray(said).reshape(self.count, -1).max(axis=0).astype(float).tolist()
