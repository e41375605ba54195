"""Small runs on two devices, which TensorFlow wants to know of before it begins.

    python mirrored_run.py WHOLE BROKEN

One goes through; the other is ended by a signal in the midst of an epoch and resumed.
"""

import json
import os
import signal
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq import Phrasebook, TextSeq2Seq
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.objective.recoverable_optimizer import gradient_norm_of
from keras_seq2seq.training import (
    Run,
    RunDirectory,
    TrainingInterrupted,
    load_config,
    recoverable,
    train,
)

DEVICES = ["/cpu:0", "/cpu:1"]
SETTINGS = [
    "text.tokenizer=character",
    "model.units=8",
    "model.embedding_dim=8",
    "training.epochs=2",
    "training.checkpoint_steps=4",
    "training.sample_translations=0",
    "training.attention_images=0",
    "training.bleu_sentences=2",
    "training.early_stopping_patience=2",
    "data.max_source_length=100",
    "data.max_target_length=100",
]


class Stop(keras.callbacks.Callback):
    """Asks the run to stop behind the second batch of the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (1, 1):
            os.kill(os.getpid(), signal.SIGTERM)


def norm_on_two_devices(strategy):
    """The norm, and what is left of a gradient of (3, 4) whose parts the devices have."""
    with strategy.scope():
        variable = keras.Variable(np.zeros(2, "float32"))
        optimizer = recoverable(keras.optimizers.SGD)(1.0, global_clipnorm=1.0)
        optimizer.build([variable])
    parts = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant([[3.0, 0.0], [0.0, 4.0]][context.replica_id_in_sync_group])
    )
    step = tf.function(lambda part: optimizer.apply([part], [variable]))
    strategy.run(step, args=(parts,))
    return {"norm": gradient_norm_of(optimizer), "step": variable.numpy().tolist()}


def refused(**options):
    try:
        Run(**options)
    except ValueError as error:
        return str(error)


def main(whole, broken):
    cpus = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * len(DEVICES)
    tf.config.set_logical_device_configuration(cpus[0], halves)
    strategy = tf.distribute.MirroredStrategy(DEVICES)
    sentences = Phrasebook(size=5000).split("train")
    # The last batch has a single pair, the other device none.
    pairs = [SentencePairs.from_pairs(part) for part in (sentences[:321], sentences[321:350])]
    config = load_config(None, [*SETTINGS, "data.batch_size=64"])
    with strategy.scope():
        train(config, RunDirectory(whole).create(), pairs)

    run = RunDirectory(broken).create()
    shared = {"config": config, "directory": run, "pairs": pairs, "strategy": strategy}
    try:
        Run(**shared, callbacks=[Stop()]).fit()
    except TrainingInterrupted as stop:
        print(stop)
    Run(**shared, resume=True).fit()

    outside = keras.models.load_model(run.model)
    r_drop = {**shared, "config": load_config(None, [*SETTINGS, "training.r_drop=1"])}
    found = {
        "optimizer": norm_on_two_devices(strategy),
        "model": refused(**shared, model=outside),
        "r_drop": refused(**r_drop),
        "loaded": isinstance(outside, TextSeq2Seq),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
