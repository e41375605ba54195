"""Interrupted, resumed, rolled back: what becomes of a run in this process."""

import csv
import dataclasses
import errno
import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from started_run import started

from keras_seq2seq import Phrasebook
from keras_seq2seq.data import SentencePairs, pipeline
from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.training import (
    BestModel,
    Checkpoint,
    CheckpointStore,
    ConfigError,
    RunDirectory,
    TrainingError,
    WarmupSchedule,
)

SETTINGS = [
    "text.tokenizer=character",
    "model.units=8",
    "model.embedding_dim=8",
    "training.sample_translations=0",
    "training.attention_images=0",
    "training.bleu_sentences=0",
    "data.batch_size=64",
    "training.epochs=3",
    "training.warmup_steps=2",
    "training.checkpoint_steps=2",
]
SENTENCES = Phrasebook(size=5000).split("train")
PAIRS = [SentencePairs.from_pairs(part) for part in (SENTENCES[:320], SENTENCES[320:350])]
TIMES = {"tokens_per_s"}


class Send(keras.callbacks.Callback):
    """Sends a signal to this process behind a batch."""

    def __init__(self, number, place):
        super().__init__()
        self.number, self.place = number, place

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            os.kill(os.getpid(), self.number)


def start(path, *changes, pairs=PAIRS, **options):
    return started(path, [*SETTINGS, *changes], pairs, **options)


def rows(run):
    with open(run.metrics, newline="") as file:
        return [{k: v for k, v in r.items() if k not in TIMES} for r in csv.DictReader(file)]


def assert_same(left, right):
    assert rows(left) == rows(right)
    ours, theirs = (CheckpointStore(run.checkpoints).newest() for run in (left, right))
    assert ours.place == theirs.place
    for name in ours.arrays:
        np.testing.assert_array_equal(ours.arrays[name], theirs.arrays[name], err_msg=name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return start(tmp_path_factory.mktemp("runs") / "whole")[0]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run that SIGTERM has ended behind the fourth batch of the second epoch."""
    send = Send(signal.SIGTERM, (1, 3))
    run, said = start(tmp_path_factory.mktemp("runs") / "stopped", callbacks=[send])
    return run, said


@pytest.fixture
def copy(stopped, tmp_path):
    shutil.copytree(stopped[0].path, tmp_path / "copy")
    return RunDirectory(tmp_path / "copy")


def made_by_another_version(run):
    for path in sorted(run.checkpoints.iterdir())[:-1]:
        checkpoint = Checkpoint.read(path)
        checkpoint.state["versions"]["keras"] = "2.0"
        checkpoint.write(path)


def test_a_signal_ends_a_run_with_a_checkpoint_and_it_goes_on(stopped, whole, copy):
    run, said = stopped
    assert f"keras-seq2seq train --resume {run.path}" in said[-1]
    assert "epoch 2, batch 5" in said[-1] and not run.summary.exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    newest = sorted(copy.checkpoints.iterdir())[-1]
    newest.write_bytes(newest.read_bytes()[:-1])
    made_by_another_version(copy)
    _, said = start(copy.path, resume=True)
    assert any(f"keras 2.0 -> {keras.__version__}" in message for message in said)
    assert any(newest.name in message and "passed over" in message for message in said)
    assert "Resuming at epoch 2, batch 3" in said
    assert "Learning the vocabulary" not in said
    assert_same(copy, whole)


def test_what_a_run_is_made_of_is_written_down(whole):
    fingerprint = json.loads(whole.data_fingerprint.read_text())
    assert fingerprint["train"]["pairs"] == 320 and len(fingerprint["train"]["sha256"]) == 64
    versions = json.loads(whole.versions.read_text())
    assert versions["keras"] == keras.__version__ and versions["cpus"] == os.cpu_count()
    assert "tokens" in json.loads(whole.source_vocabulary.read_text("utf-8"))
    assert json.loads(whole.summary.read_text())["epochs"] == 3


def test_a_finished_run_is_told(whole):
    with pytest.raises(ValueError, match="is finished"):
        start(whole.path, resume=True)


def test_another_configuration_is_told_with_both_values(copy):
    with pytest.raises(ConfigError, match="model.units was 8 and is now 9"):
        start(copy.path, "model.units=9", resume=True)
    with pytest.raises(ConfigError, match="training.epochs was 3 and is now 4"):
        start(copy.path, "training.epochs=4", resume=True)


def test_other_data_are_told_with_both_counts(copy):
    fewer = [dataclasses.replace(PAIRS[0], sources=["x", *PAIRS[0].sources[1:]]), PAIRS[1]]
    with pytest.raises(TrainingError, match=r"data.train .* 320 pairs with SHA-256 .* now"):
        start(copy.path, resume=True, pairs=fewer)


def test_without_a_checkpoint_a_run_begins_anew_and_a_full_disk_does_not_end_it(
    whole, tmp_path, monkeypatch
):
    write = Checkpoint.write

    def full(self, path):
        if self.place in ((0, 2), (1, 0)):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(self, path)

    monkeypatch.setattr(Checkpoint, "write", full)
    run, said = start(tmp_path / "run", resume=True)
    assert any("starts from the beginning" in message for message in said)
    assert sum("No space left" in message and "goes on" in message for message in said) == 2
    assert_same(run, whole)


def test_a_model_that_cannot_be_written_ends_the_run(tmp_path):
    class FullDisk:
        def copy(self, dtype):
            return self

        def save(self, path):
            raise OSError(errno.ENOSPC, "No space left on device")

    best = BestModel(RunDirectory(tmp_path))
    best.set_model(FullDisk())
    with pytest.raises(TrainingError, match=r"model.keras cannot be written.*--resume"):
        best.on_epoch_end(0, {"val_loss": 1.0})
    assert os.listdir(tmp_path) == []


EVERYTHING = {
    "averages, plateau, BLEU": [
        "training.average_epochs=2",
        "training.ema_momentum=0",
        "training.schedule=plateau",
        "training.plateau_patience=1",
        "training.bleu_sentences=5",
        "training.monitor=bleu",
    ],
    "sampled pieces, batches by tokens, kinds of dropout": [
        "text.tokenizer=sentencepiece",
        "text.vocabulary_size=600",
        "text.subword_sampling_source=0.2",
        "text.subword_sampling_target=0.2",
        "data.batch_tokens=900",
        "model.variational_dropout=true",
        "model.token_dropout=0.1",
        "model.recurrent_dropout=0.1",
    ],
    "float16": ["training.precision=mixed_float16", "model.cell=gru"],
    "rounded weights": ["training.quantization_aware=int4"],
    "rounded weights, float16": [
        "training.quantization_aware=int4",
        "training.precision=mixed_float16",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERYTHING)
def test_whatever_is_chosen_it_goes_on_as_if_it_had_not_stopped(name, tmp_path):
    options = [*EVERYTHING[name], "training.early_stopping_patience=3"]
    expected, _ = start(tmp_path / "whole", *options)
    run, _ = start(tmp_path / "run", *options, callbacks=[Send(signal.SIGINT, (0, 1))])
    for place in ((1, 0), (1, 2)):
        start(run.path, *options, callbacks=[Send(signal.SIGINT, place)], resume=True)
    start(run.path, *options, resume=True)
    assert_same(run, expected)


# === Losses that are not finite ===


@pytest.fixture
def poison(monkeypatch):
    """One sentence whose batches cannot be digested."""
    read_indices, in_graph = pipeline.read_indices, TokenRows.in_graph

    def counted(rows):
        look_up = in_graph(rows)
        look_up.count = len(rows)
        return look_up

    def read(batch, sources, targets):
        x, y, weight = read_indices(batch, sources, targets)
        if sources.count == 320:  # not the validation
            bad = tf.reduce_any(tf.io.decode_raw(batch, tf.int32) == 7)
            weight = tf.where(bad, np.nan, weight)
        return x, y, weight

    monkeypatch.setattr(TokenRows, "in_graph", counted)
    monkeypatch.setattr(pipeline, "read_indices", read)


def test_a_bad_batch_is_rolled_back_listed_and_left_out(poison, whole, tmp_path):
    run, said = start(tmp_path / "run", "data.max_target_length=200")
    bad = json.loads(run.bad_batches.read_text("utf-8"))
    assert [record["epoch"] for record in bad] == [1, 2, 3]  # a batch of each epoch has it
    assert sum("Back to epoch" in message for message in said) == 3
    for record in bad:
        pairs = {pair["number"]: pair["source"] for pair in record["pairs"]}
        assert len(pairs) == 64 and pairs[7] == PAIRS[0].sources[7]
        assert record["loss"] == "nan" and record["back_to"]["epoch"] == record["epoch"]
    assert [record["learning_rate_factor"] for record in bad] == [0.5, 0.25, 0.125]
    # Three times half of the learning rate, and one batch fewer in each epoch.
    rates = [float(row["learning_rate"]) for row in rows(run)]
    schedule = WarmupSchedule(2e-3, warmup_steps=2, total_steps=15)
    expected = [float(schedule(4 * epoch)) * 0.5**epoch for epoch in (1, 2, 3)]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    assert all(np.isfinite(float(row["loss"])) for row in rows(run))


@pytest.mark.slow
def test_a_run_that_rolls_back_is_broken_off_and_takes_the_same_course(poison, tmp_path):
    run, _ = start(tmp_path / "run", "data.max_target_length=200")
    bad = json.loads(run.bad_batches.read_text("utf-8"))
    epoch, batch = bad[1]["epoch"] - 1, bad[1]["batch"] - 1
    place = (epoch, max(batch - 1, 0)) if batch else (epoch - 1, 2)
    broken, said = start(
        tmp_path / "broken", "data.max_target_length=200", callbacks=[Send(signal.SIGINT, place)]
    )
    assert "interrupted" in said[-1]
    start(broken.path, "data.max_target_length=200", resume=True)
    assert_same(broken, run)
    assert json.loads(broken.bad_batches.read_text("utf-8")) == bad
