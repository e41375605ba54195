"""A finished run goes on exactly; a run begins with a trained model; a run is not begun twice."""

import csv
import json

import keras
import numpy as np
import pytest
from contracts import few_at_first

from keras_seq2seq import ByteTokenizer, Seq2Seq, TextSeq2Seq, open_artefact
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training import (
    CheckpointStore,
    Run,
    RunDirectory,
    TrainingError,
    TrainingInterrupted,
    load_config,
    train,
)
from keras_seq2seq.training.runs.initial_model import begin_with, described

SOURCES = [f"{a}{b}{a}" for a in "abcdefgh" for b in "ijkl"]
PAIRS = [SentencePairs(SOURCES[:24], SOURCES[:24][::-1]), SentencePairs(SOURCES[24:], SOURCES[24:])]
SETTINGS = [
    "text.tokenizer=byte",
    "model.units=6",
    "model.embedding_dim=6",
    "data.batch_size=8",
    "data.max_source_length=8",
    "data.max_target_length=8",
    "training.epochs=2",
    "training.warmup_steps=3",
    "training.ema_momentum=0",
    "training.schedule=inverse_sqrt",
    "training.sample_translations=0",
    "training.attention_images=0",
]


def start(path, *changes, **options):
    run, said = RunDirectory(path).create(), []
    config = load_config(None, [*SETTINGS, *changes])
    return run, train(config, run, PAIRS, said.append, **options), said


def rows(run):
    with open(run.metrics, newline="") as file:
        return [{k: v for k, v in r.items() if k != "tokens_per_s"} for r in csv.DictReader(file)]


def assert_same(left, right):
    assert rows(left) == rows(right)
    ours, theirs = (CheckpointStore(run.checkpoints).newest() for run in (left, right))
    assert ours.place == theirs.place
    for name in ours.arrays:
        np.testing.assert_array_equal(ours.arrays[name], theirs.arrays[name], err_msg=name)


@pytest.mark.slow
def test_more_epochs_are_as_if_they_had_been_asked_for_at_once(tmp_path):
    whole, *_ = start(tmp_path / "whole", "training.epochs=4")
    run, summary, _ = start(tmp_path / "run")
    assert summary.epochs == 2
    longer = [*SETTINGS, "training.epochs=4"]

    class StopAt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise TrainingInterrupted("enough")

    with pytest.raises(TrainingInterrupted):
        train(load_config(None, longer), run, PAIRS, callbacks=[StopAt()], resume=True)
    assert json.loads(run.summary.read_text())["epochs"] == 2  # still a summary
    said = []
    # By its directory alone, as after a kill: the configuration knows how long it shall be.
    summary = train(load_config(run.config), run, PAIRS, said.append, resume=True)
    assert "Resuming at epoch 4, batch 1" in said and summary.epochs == 4
    assert_same(run, whole)
    with pytest.raises(ValueError, match="is finished"):
        train(load_config(run.config), run, PAIRS, resume=True)


@pytest.mark.slow
def test_what_had_ended_a_run_is_taken_back(tmp_path):
    patient = ["training.early_stopping_patience=1", "training.learning_rate=3"]
    run, summary, _ = start(tmp_path / "run", *patient, "training.epochs=30")
    assert summary.epochs < 30
    done = summary.epochs
    config = load_config(None, [*SETTINGS, *patient, f"training.epochs={done}"])
    with pytest.raises(ConfigError, match=f"has done {done} epochs: to go on, ask for more"):
        train(config, run, PAIRS, resume=True)
    config = load_config(None, [*SETTINGS, *patient, "training.epochs=40"])
    assert train(config, run, PAIRS, resume=True).epochs > done


@pytest.mark.slow
def test_a_run_that_the_clock_had_ended_takes_more_minutes(tmp_path):
    run, summary, _ = start(tmp_path / "run", "training.max_minutes=1e-9")
    assert summary.epochs == 1
    more = [*SETTINGS, "training.max_minutes=1e-9", "training.epochs=3"]
    with pytest.raises(ConfigError, match="all of them are used up"):
        train(load_config(None, more), run, PAIRS, resume=True)
    with pytest.raises(ValueError, match="is finished"):
        start(run.path, "training.max_minutes=1e-9", resume=True)
    assert start(run.path, "training.max_minutes=5", resume=True)[1].epochs == 2


def test_a_run_is_not_begun_twice_in_silence(tmp_path):
    run, *_ = start(tmp_path / "run")
    before = run.model.read_bytes()
    with pytest.raises(ValueError, match="holds a trained model already.*resume=True"):
        start(run.path)
    run.summary.unlink()
    run.model.unlink()
    with pytest.raises(ValueError, match="holds a run already"):
        start(run.path)
    assert CheckpointStore(run.checkpoints).places()[0] == (2, 0) and before


# === A run that begins with a model ===


def own_model(units=4):
    bytes_ = ByteTokenizer()
    size = bytes_.vocabulary_size
    inner = Seq2Seq.from_options(size, size, units=units, embedding_dim=4, attention="dot")
    return TextSeq2Seq(inner, bytes_, bytes_, 8, 8)


@pytest.mark.slow
def test_the_configuration_says_what_the_model_is(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    config = load_config(None, [*SETTINGS, "text.tokenizer=character", "model.cell=gru"])
    Run(config, run, pairs=PAIRS, model=own_model()).fit()
    said = load_config(run.config)
    assert (said.text.tokenizer, said.text.shared_vocabulary) == ("byte", True)
    assert (said.model.units, said.model.cell, said.model.attention) == (4, "lstm", "dot")
    assert "[text] and [model] describe it" in run.config.read_text("utf-8")
    # Resumed with the configuration that was written, and with the one that was given.
    run.summary.unlink()
    for again in (said, config):
        assert Run(again, run, pairs=PAIRS, resume=True).fit().epochs == 2
        run.summary.unlink()
    run.initial_model.write_bytes(b"broken")
    with pytest.raises(TrainingError, match="cannot be loaded"):
        Run(said, run, pairs=PAIRS, resume=True).fit()


@pytest.mark.slow
def test_a_run_that_was_killed_before_its_first_checkpoint_keeps_its_model(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    config = load_config(None, SETTINGS)
    Run(config, run, pairs=PAIRS, model=own_model()).fit()
    parameters = open_artefact(run.initial_model).model.count_params()
    CheckpointStore(run.checkpoints).clear()
    run.summary.unlink()
    run.model.unlink()
    assert (
        Run(load_config(run.config), run, pairs=PAIRS, resume=True).fit().parameters == parameters
    )
    kept = RunDirectory(tmp_path / "kept")
    kept.path.mkdir()
    run.initial_model.rename(kept.initial_model)  # killed before its configuration was written
    assert kept.create() and not kept.is_run


@pytest.mark.slow
def test_train_begins_with_a_twin(tmp_path):
    first, *_ = start(tmp_path / "first")
    model = open_artefact(first.path).model
    before = [weights.copy() for weights in model.get_weights()]
    run, summary, _ = start(tmp_path / "second", "model.dropout=0.5", initial=model)
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    kept = open_artefact(run.initial_model).model
    for ours, theirs in zip(kept.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert kept.seq2seq.encoder.spec.dropout == 0.5 != model.seq2seq.encoder.spec.dropout
    with pytest.raises(ConfigError, match="model.units is 7, but that of the model .* is 6"):
        start(tmp_path / "third", "model.units=7", initial=model)
    with pytest.raises(ValueError, match="leave it out"):
        start(tmp_path / "second", initial=model, resume=True)


def test_own_parts_are_told_to_be_own():
    model = own_model()
    config = load_config(None, SETTINGS)
    assert described(config, model).model.units == 4

    class Own(Seq2Seq):
        pass

    inner = model.seq2seq
    own = Own(inner.encoder, inner.decoder, inner.generator, inner.bridge)
    text = TextSeq2Seq(own, model.source_tokenizer, model.target_tokenizer)
    assert described(config, text).model == config.model


@pytest.mark.parametrize("preset", few_at_first(1, ["tiny", "base", "rnmt_plus"]))
def test_every_architecture_is_described(preset):
    size = ByteTokenizer().vocabulary_size
    inner = Seq2Seq.from_preset(preset, size, size, units=4, embedding_dim=4, decoder_units=8)
    model = TextSeq2Seq(inner, ByteTokenizer(), ByteTokenizer())
    config = described(load_config(), model)
    twin = Seq2Seq.from_options(size, size, config.model)
    assert twin.describe() == inner.describe()
    assert begin_with(model, config)[1].seq2seq.describe() == inner.describe()


def test_another_vocabulary_of_the_same_size_is_refused(tmp_path):
    from keras_seq2seq import CharacterTokenizer

    def model(letters):
        tokenizer = CharacterTokenizer(list(letters))
        size = tokenizer.vocabulary_size
        inner = Seq2Seq.from_options(size, size, units=4, embedding_dim=4)
        return TextSeq2Seq(inner, tokenizer, tokenizer, 8, 8)

    run = RunDirectory(tmp_path / "run").create()
    config = load_config(None, SETTINGS)
    Run(config, run, pairs=PAIRS, model=model("abcdefghijkl")).fit()
    config = load_config(None, [*SETTINGS, "training.epochs=3"])
    before = run.source_vocabulary.read_bytes()
    with pytest.raises(TrainingError, match="is not the one that the run began with"):
        Run(config, run, pairs=PAIRS, model=model("lkjihgfedcba"), resume=True).fit()
    assert run.source_vocabulary.read_bytes() == before
