"""Devices and processes under a `tf.distribute.Strategy`."""

import contextlib
import faulthandler
import functools
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.training.workers.batch_share import share_of_batches
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses
from keras_seq2seq.training.workers.workers import Workers

_SILENCE = 60  # seconds; by default 10, in which a busy machine may well say nothing


class TensorFlowWorkers(Workers):
    """The devices of a strategy, in one process or in several.

    Args:
        strategy: Such as `tf.distribute.MirroredStrategy()`.
        addresses: Those of `MultiWorkerMirroredStrategy`.
    """

    def __init__(self, strategy: tf.distribute.Strategy, addresses: WorkerAddresses | None = None):
        self.strategy = strategy
        self.devices = strategy.num_replicas_in_sync
        if addresses is not None:
            self.index, self.count = addresses.index, len(addresses.addresses)
        self.views_apart = self.count > 1

    @classmethod
    def mirrored(cls) -> "TensorFlowWorkers":
        """All devices of this machine: its GPUs, or its logical CPUs."""
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        devices = [device.name for device in tf.config.list_logical_devices(kind)]
        return cls(tf.distribute.MirroredStrategy(devices))

    @classmethod
    def multiworker(cls, addresses: WorkerAddresses) -> "TensorFlowWorkers":
        """All devices of all processes; must be called before TensorFlow computes anything."""
        if len(addresses.addresses) == 1:  # what was started for several may go on alone
            return cls.mirrored()
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": list(addresses.addresses)}),
            task_type="worker",
            task_id=addresses.index,
            rpc_layer="grpc",
        )
        _be_patient(len(addresses.addresses))
        with _breakable():
            return cls(tf.distribute.MultiWorkerMirroredStrategy(resolver), addresses)

    def scope(self) -> AbstractContextManager[Any]:
        return self.strategy.scope()

    def prepare(self, model: keras.Model) -> None:
        model.vector_logs = self.count > 1 and needs_vectors(self.strategy)

    def share(self, dataset: tf.data.Dataset) -> Any:
        if self.devices == 1:
            return dataset
        own = self.devices // self.count

        def part(context: tf.distribute.InputContext) -> tf.data.Dataset:
            return share_of_batches(dataset, self.index * own, own, self.devices)

        shared = self.strategy.distribute_datasets_from_function(part)
        # Nobody may say how many elements a device gets, but Keras asks before it begins.
        shared._cardinality = int(dataset.cardinality())
        return shared

    def agree(self, *numbers: float) -> list[float]:
        if self.count == 1:
            return list(numbers)
        own = self.devices // self.count
        said = np.zeros((self.count, len(numbers)))
        said[self.index] = numbers
        return (self._sums(tf.constant(said / own)).numpy().max(axis=0)).tolist()

    @functools.cached_property
    def _sums(self) -> Any:
        def of_all(said: tf.Tensor) -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            # By way of an operation: what comes from outside of the graph is on no device.
            return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(said))

        def run(said: tf.Tensor) -> tf.Tensor:
            sums = self.strategy.run(of_all, args=(said,))
            return self.strategy.experimental_local_results(sums)[0]

        return tf.function(run, autograph=False, reduce_retracing=True)


def _be_patient(count: int) -> None:
    """Lets a worker be silent for minutes before it counts as gone, as on a machine that swaps.

    TensorFlow gives it ten seconds, and no public way to say else. One that ends is missed at once.
    """
    try:
        from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2 as service
        from tensorflow.python.eager.context import context
    except ImportError:  # another TensorFlow: its ten seconds will do
        return
    if context().coordination_service is None:
        context().configure_coordination_service(
            "standalone",
            service_leader="/job:worker/replica:0/task:0",
            heartbeat_timeout_in_ms=_SILENCE * 1000,
            coordinated_jobs=[service.CoordinatedJob(name="worker", num_tasks=count)],
        )


@contextlib.contextmanager
def _breakable(minutes: float = 15) -> Iterator[None]:
    """Lets Ctrl-C, and the clock, end a wait in which Python itself does not get a word in."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_DFL) if main else None
    faulthandler.dump_traceback_later(60 * minutes, exit=True, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        if before is not None:
            signal.signal(signal.SIGINT, before)


def needs_vectors(strategy: tf.distribute.Strategy) -> bool:
    """Whether this Keras cannot take the mean of a number that several workers have.

    Asked by doing it: a Keras that can needs no help any more.
    """
    try:
        from keras.src.backend.tensorflow.trainer import reduce_per_replica

        reduce_per_replica({"loss": tf.constant(1.0)}, strategy, "auto")
    except (ImportError, AttributeError):
        return False
    except ValueError:
        return True
    return False
