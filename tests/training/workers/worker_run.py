"""One worker of a small run as a process of its own; tells what it sees.

    python worker_run.py RUN_DIRECTORY [--devices N] [section.key=value ...]

Whom it works with comes from TF_CONFIG. For each batch it says "batch EPOCH NUMBER LOSS", for each
epoch "epoch NUMBER LOSS VAL_LOSS HASH", with a hash of all weights of model and optimizer.
"""

import argparse
import hashlib
import os
import sys

import keras
import numpy as np

from keras_seq2seq import Phrasebook
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training import RunDirectory, TrainingError, load_config, train

SETTINGS = [
    "text.tokenizer=byte",
    "model.units=8",
    "model.embedding_dim=8",
    "model.dropout=0",
    "training.sample_translations=1",
    "training.attention_images=0",
    "training.bleu_sentences=2",
    "data.batch_size=32",
    "training.epochs=3",
    "training.warmup_steps=5",
    "training.checkpoint_steps=4",
    "data.max_source_length=100",
    "data.max_target_length=100",
]


class Tell(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.batch = epoch, 0

    def on_train_batch_end(self, batch, logs=None):
        print(f"batch {self.epoch} {batch} {float(logs['loss']):.7f}", flush=True)

    def on_epoch_end(self, epoch, logs=None):
        digest = hashlib.sha256()
        for variable in (*self.model.variables, *self.model.optimizer.variables):
            if "seed" not in variable.path:
                digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
        figures = " ".join(
            f"{float(logs.get(name, 0)):.7f}" for name in ("loss", "val_loss", "val_bleu")
        )
        print(f"epoch {epoch} {figures} {digest.hexdigest()[:16]}", flush=True)


def sentences():
    """Of one length on the JAX backend, which compiles anew for every shape."""
    pairs = Phrasebook(size=5000).split("train")
    if keras.backend.backend() == "jax":
        pairs = [
            (f"{s.encode().hex():0<20}"[:20], f"{t.encode().hex():0<20}"[:20]) for s, t in pairs
        ]
    return pairs


def main(path, devices, changes):
    if devices > 1:
        import tensorflow as tf

        parts = [tf.config.LogicalDeviceConfiguration()] * devices
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    pairs = sentences()
    # The last batch has 19 pairs, which neither two nor four devices share evenly.
    pairs = [SentencePairs.from_pairs(part) for part in (pairs[:179], pairs[179:210])]
    run = RunDirectory(path)
    resume = run.is_run
    try:
        config = load_config(None, [*SETTINGS, *changes])
        train(config, run, pairs, print, [Tell()], resume=resume)
    except (ConfigError, TrainingError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("changes", nargs="*")
    asked = parser.parse_intermixed_args()
    if "TF_CONFIG" not in os.environ or '"index": 0' in os.environ["TF_CONFIG"]:
        RunDirectory(asked.path).create()
    main(asked.path, asked.devices, asked.changes)
