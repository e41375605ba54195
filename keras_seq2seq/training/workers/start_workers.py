"""From what a configuration says to the devices and processes of a run."""

import keras

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.workers.meeting import meet_workers
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses
from keras_seq2seq.training.workers.workers import Workers


def start_workers(
    distribute: str, addresses: WorkerAddresses | None = None, say: Say = quiet
) -> Workers:
    """Starts what `training.distribute` names; waits until all processes are there.

    Args:
        distribute: `"none"`, `"mirrored"`, `"multiworker"` or `"data_parallel"`.
        addresses: The processes, where there are several.
        say: Is told whom this one waits for.

    Raises:
        ConfigError: the backend of Keras has no such thing, or nobody says who the workers are.
        TrainingError: one of them does not come within a quarter of an hour, or does not fit.

    Example:

    ```python
    workers = start_workers("multiworker", WorkerAddresses.find())
    Run(config, run, workers=workers).fit()
    ```
    """
    backend = keras.backend.backend()
    wanted = {"mirrored": "tensorflow", "multiworker": "tensorflow", "data_parallel": "jax"}
    if backend != wanted.get(distribute, backend):
        other = {
            "tensorflow": 'training.distribute = "mirrored" (the devices of one machine) or '
            '"multiworker" (several machines)',
            "jax": 'training.distribute = "data_parallel"',
        }.get(backend, 'training.distribute = "none"')
        raise ConfigError(
            f'training.distribute = "{distribute}" needs KERAS_BACKEND={wanted[distribute]}, but '
            f"Keras runs on {backend}. Set that variable before Python starts, or {other}."
        )
    if distribute == "multiworker" and addresses is None:
        raise ConfigError(
            'training.distribute = "multiworker", but nothing says who the workers are. Start all '
            "by srun or Ray Train, set TF_CONFIG, or tell each: --workers host1:2222,host2:2222 "
            '--worker 0. For the devices of one machine there is training.distribute = "mirrored".'
        )
    if addresses is not None and distribute in ("multiworker", "data_parallel"):
        meet_workers(addresses, say)
    if distribute == "data_parallel":
        from keras_seq2seq.training.workers.jax_workers import JaxWorkers

        return JaxWorkers(addresses)
    if distribute == "none":
        return Workers()
    from keras_seq2seq.training.workers.tensorflow_workers import TensorFlowWorkers

    if addresses is not None and distribute == "multiworker":
        return TensorFlowWorkers.multiworker(addresses)
    return TensorFlowWorkers.mirrored()
