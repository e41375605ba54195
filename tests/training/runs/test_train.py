import csv
import json

import keras
import numpy as np
import pytest
from contracts import few_at_first

from keras_seq2seq import Phrasebook, open_artefact
from keras_seq2seq.training import RunDirectory, TimeLimit, TrainingError, load_config, train
from keras_seq2seq.training.runs.run import enough_epochs

SMALL = [
    "text.vocabulary_size=600",
    "model.units=12",
    "model.embedding_dim=12",
    "training.warmup_steps=5",
    "training.epochs=2",
    "training.sample_translations=0",
    "training.attention_images=0",
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    pairs = Phrasebook(size=5000).split("train")
    for name, part in (("train", pairs[:300]), ("valid", pairs[300:350])):
        lines = [f"{source}\t{target}\n" for source, target in part]
        if name == "train":
            lines += [lines[0], "\tno source\n", f"{'길다 ' * 200}\tlong\n"]
        (folder / f"{name}.tsv").write_text("".join(lines), "utf-8")
    return [f"data.train={folder}/train.tsv", f"data.valid={folder}/valid.tsv"]


def start(path, corpus, *changes):
    messages = []
    run = RunDirectory(path).create()
    summary = train(load_config(None, [*corpus, *SMALL, *changes]), run, say=messages.append)
    return run, summary, messages


@pytest.fixture(scope="module")
def finished(corpus, tmp_path_factory):
    return start(tmp_path_factory.mktemp("runs") / "run", corpus)


def test_a_run_leaves_all_that_it_promises(finished):
    run, summary, messages = finished
    assert run.is_run
    assert load_config(run.config).model.units == 12
    rows = list(csv.DictReader(run.metrics.open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert any(run.logs.rglob("events.out.tfevents.*"))
    assert summary.epochs == 2
    assert summary.valid_loss == pytest.approx(min(float(r["val_loss"]) for r in rows), rel=1e-5)
    assert sorted(p.name for p in run.path.iterdir() if p.name.startswith(".")) == []


def test_what_was_dropped_is_counted_and_told(finished):
    run, _, messages = finished
    report = json.loads(run.data_report.read_text())["train"]
    assert (report["duplicate"], report["empty"], report["over_long"]) == (1, 1, 1)
    assert report["kept"] == 300
    assert any("1 over-long" in message for message in messages)


def test_the_model_kept_is_the_best_with_averaged_weights(finished):
    """Its validation loss, computed anew from the file, is the one of the summary."""
    run, summary, _ = finished
    artefact = open_artefact(run.path)
    model = artefact.model
    config = load_config(run.config)
    from keras_seq2seq import SequenceCrossentropy, make_dataset, read_pairs

    model.compile(loss=SequenceCrossentropy(config.training.label_smoothing))
    pairs = read_pairs(config.data.valid)
    data = make_dataset(
        pairs, model.source_tokenizer, model.target_tokenizer, batch_size=64, shuffle=False
    )
    assert model.evaluate(data, verbose=0) == pytest.approx(summary.valid_loss, rel=1e-4)
    assert model.optimizer.__class__.__name__ != "AdamW"  # the file holds no optimizer


def test_the_same_seed_gives_the_same_model(finished, corpus, tmp_path):
    run, summary, _ = finished
    again, other, _ = start(tmp_path / "again", corpus)
    assert other.valid_loss == summary.valid_loss
    ours, theirs = (open_artefact(r.path).model.get_weights() for r in (run, again))
    for left, right in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("tokenizer", few_at_first(1, ["character", "byte"]))
def test_other_tokenizers_and_a_shared_vocabulary(tokenizer, corpus, tmp_path):
    run, _, _ = start(
        tmp_path / "run",
        corpus,
        f"text.tokenizer={tokenizer}",
        "text.shared_vocabulary=true",
        "model.share_embeddings=true",
        "model.cell=gru",
        "training.epochs=1",
        "training.ema_momentum=0",
        "data.max_source_length=100",
        "data.max_target_length=100",
    )
    model = open_artefact(run.path).model
    assert model.source_tokenizer.tokens() == model.target_tokenizer.tokens()
    assert isinstance(model.generate("안녕"), str)


def test_no_finite_loss_is_a_clear_error(corpus, tmp_path):
    with pytest.raises(TrainingError, match=r"third time in a row.*training\.learning_rate"):
        start(tmp_path / "run", corpus, "training.learning_rate=1e30", "training.clip_norm=0")
    bad = json.loads((tmp_path / "run" / "bad_batches.json").read_text("utf-8"))
    assert [record["learning_rate_factor"] for record in bad] == [0.5, 0.25, 0.125]


def test_the_time_limit_stops_in_the_midst_of_an_epoch():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(loss="mse")
    limit = TimeLimit(minutes=0)
    history = model.fit(
        np.ones((64, 1)), np.ones(64), batch_size=1, epochs=3, verbose=0, callbacks=[limit]
    )
    assert limit.reached
    assert history.epoch == [0]
    assert int(model.optimizer.iterations) < 64


@pytest.mark.parametrize(("steps", "epochs"), [(1, 60), (58, 60), (250, 20), (454, 12), (9000, 12)])
def test_a_small_corpus_is_read_more_often(steps, epochs):
    assert enough_epochs(steps) == epochs
