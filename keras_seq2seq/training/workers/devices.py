"""Which devices a run is trained on, and whether it can be."""

import keras
import tensorflow as tf

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.workers.start_workers import start_workers
from keras_seq2seq.training.workers.tensorflow_workers import TensorFlowWorkers
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses
from keras_seq2seq.training.workers.workers import Workers


def workers_of(
    distribute: str, strategy: tf.distribute.Strategy | None, say: Say = quiet
) -> Workers:
    """Those of a strategy that was given or whose scope this is, or else of `distribute`."""
    if strategy is None and tf.distribute.has_strategy():
        strategy = tf.distribute.get_strategy()
    if strategy is not None:
        return TensorFlowWorkers(strategy)
    # Whoever trains alone need not say who the others are, nor say it right.
    addresses = None if distribute in ("none", "mirrored") else WorkerAddresses.find()
    return start_workers(distribute, addresses, say)


def check_devices(workers: Workers, config: RunConfig, model: TextSeq2Seq | None) -> None:
    """Makes sure that devices, batches and an own model go together.

    Raises:
        ConfigError: a batch is not made for so many devices.
        ValueError: the model was made for others.
    """
    on_tensorflow = keras.backend.backend() == "tensorflow"
    with workers.scope():
        made = tf.distribute.get_strategy().extended.variable_created_in_scope
    known = model.variables if model is not None and on_tensorflow else ()
    if not all(made(variable.value) for variable in known):
        raise ValueError(
            "Run: the model was made in the scope of another strategy than the one it shall "
            "be trained with. Make it within `with strategy.scope():`, and give Run that "
            "strategy."
        )
    devices, r_drop, data = workers.devices, config.training.r_drop, config.data
    if r_drop and devices > 1:
        raise ConfigError(
            f"training.r_drop is {r_drop}, which compares the two halves of a batch, but the "
            f"strategy cuts batches for {devices} devices. Set training.r_drop = 0, or train "
            "on one device."
        )
    if devices > data.batch_size and not data.batch_tokens:
        raise ConfigError(
            f"data.batch_size is {data.batch_size}, but {devices} devices of {workers.count} "
            f"worker{'s' * (workers.count != 1)} share each batch out. Raise it to {devices} at "
            "least, or use fewer."
        )
