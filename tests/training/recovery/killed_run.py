"""A small run as a process of its own, which may kill itself at a moment that is told.

    python killed_run.py RUN_DIRECTORY MOMENT [section.key=value ...]

MOMENT is "never", "ready" (say so when training begins, and go on), or one of `MOMENTS`.
"""

import os
import signal
import sys

import keras

from keras_seq2seq import Phrasebook
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.training import Checkpoint, RunDirectory, load_config, train

SETTINGS = [
    "text.tokenizer=character",
    "model.units=8",
    "model.embedding_dim=8",
    "training.sample_translations=0",
    "training.attention_images=0",
    "training.bleu_sentences=0",
    "data.batch_size=32",
    "training.epochs=3",
    "training.warmup_steps=5",
    "training.checkpoint_steps=4",
    "training.early_stopping_patience=2",
    "training.sample_translations=0",
    "training.attention_images=0",
]


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class DieIn(keras.callbacks.Callback):
    """Kills the process behind a batch, or in the midst of validation."""

    def __init__(self, moment):
        super().__init__()
        self.moment = moment
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.moment == "ready":
            print("ready", flush=True)
        if self.moment == "batch" and (self.epoch, batch) == (0, 5):
            die()

    def on_test_batch_begin(self, batch, logs=None):
        if self.moment == "validation" and self.epoch == 2:
            die()


def write_half(self, path):
    """Writes checkpoints as ever, but dies when half of a certain one has come to the disk."""
    WRITE(self, path)
    if self.place == (1, 4):
        half = path.read_bytes()[: path.stat().st_size // 2]
        path.unlink()
        path.with_name(f".{os.getpid()}.{path.name}").write_bytes(half)
        die()


WRITE = Checkpoint.write
MOMENTS = ("batch", "checkpoint", "validation")


def main(path, moment, *changes):
    sentences = Phrasebook(size=5000).split("train")
    pairs = [SentencePairs.from_pairs(part) for part in (sentences[:320], sentences[320:350])]
    run = RunDirectory(path).create()
    if moment == "checkpoint":
        Checkpoint.write = write_half
    config = load_config(None, [*SETTINGS, *changes])
    say = lambda message: print(message, flush=True)  # noqa: E731
    train(config, run, pairs, say, [DieIn(moment)], resume=run.is_run)


if __name__ == "__main__":
    main(*sys.argv[1:])
