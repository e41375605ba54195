"""The workers of a run that is trained by several processes."""

from pathlib import Path
from typing import TYPE_CHECKING

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.messages import Say
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses

if TYPE_CHECKING:
    from keras_seq2seq.training.workers.workers import Workers

SEVERAL = ("multiworker", "data_parallel")


def find_workers(
    distribute: str, workers: str | None, worker: int | None
) -> WorkerAddresses | None:
    """The processes that flags or the environment name, if the configuration asks for several."""
    if distribute in SEVERAL:
        return WorkerAddresses.find(workers, worker)
    if workers is not None or worker is not None:
        raise ConfigError(
            f'--workers is for several processes, but training.distribute = "{distribute}". Give '
            "--set training.distribute=multiworker, or data_parallel under JAX."
        )
    return None


def begin_workers(
    distribute: str, addresses: WorkerAddresses | None, directory: Path | None, say: Say
) -> "Workers | None":
    """Starts what several processes need, before TensorFlow does anything else.

    Each waits until all are there, and says so.

    Raises:
        ConfigError: they cannot be had, or do not write to one place.
        TrainingError: one of them does not come.
    """
    if distribute not in SEVERAL:
        return None
    if addresses is not None and directory is None:
        raise ConfigError(
            f"{len(addresses.addresses)} workers train one run: name the same --run-dir for all, "
            "on a disk that all of them see."
        )
    from keras_seq2seq.training.workers.start_workers import start_workers

    if addresses is not None and len(addresses.addresses) > 1:
        others = ", ".join(addresses.addresses)
        say(f"Worker {addresses.index} waits until all are there: {others}")
    return start_workers(distribute, addresses, say)
