"""Runs whose pairs stay on disk: the same course as in memory, found again, and told of."""

import csv
import gzip
import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
from started_run import started

from keras_seq2seq import Phrasebook, open_artefact
from keras_seq2seq.data.cache import cache_pairs, chunk, scanned_corpus
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.training import (
    CheckpointStore,
    ConfigError,
    TrainingError,
    load_config,
)
from keras_seq2seq.training.runs.scored_pairs import (
    learnt_overlap,
    learnt_pairs,
    learnt_sample,
    pairs_to_score,
)

SETTINGS = [
    "text.tokenizer=character",
    "model.units=8",
    "model.embedding_dim=8",
    "training.sample_translations=0",
    "training.attention_images=0",
    "training.warmup_steps=2",
    "training.epochs=2",
]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(chunk, "LINES", 200)
    for module in (cache_pairs, scanned_corpus):
        monkeypatch.setattr(module, "process_count", lambda: 0)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    pairs = Phrasebook(size=5000).split("train")[:600]
    for i in range(2):
        with gzip.open(folder / f"{i}.tsv.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{source}\t{target}\n" for source, target in pairs[i::2])
    return f"data.train={folder / '*.tsv.gz'}"


def start(path, *changes, **options):
    return started(path, [*SETTINGS, *changes], **options)


def facts_of(run):
    """Figures of each epoch, without times, and weights."""
    with open(run.metrics, newline="") as file:
        rows = [{k: v for k, v in r.items() if k != "tokens_per_s"} for r in csv.DictReader(file)]
    return rows, CheckpointStore(run.checkpoints).newest().arrays


def assert_same(left, right):
    (rows, ours), (others, theirs) = facts_of(left), facts_of(right)
    assert rows == others and ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 4:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def in_memory(corpus, tmp_path_factory):
    return start(tmp_path_factory.mktemp("memory") / "run", corpus)[0]


def test_on_disk_as_in_memory_broken_off_and_resumed(corpus, in_memory, tmp_path, monkeypatch):
    always = (corpus, "data.cache=always")
    run, said = start(tmp_path / "run", *always, callbacks=[Stop()])
    assert "interrupted" in said[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "token_cache"]
    with monkeypatch.context() as patched:  # nothing is read or tokenised a second time
        for module, name in ((cache_pairs, "_fill"), (scanned_corpus, "_scan")):
            patched.setattr(module, name, None)
        _, said = start(run.path, *always, resume=True)
    assert "Resuming at epoch 1, batch 6" in said
    assert_same(run, in_memory)
    report, expected = (json.loads(r.data_report.read_text()) for r in (run, in_memory))
    assert report == expected and report["train"]["held_out"] > 0
    assert list(pairs_to_score([run.path]).pairs) == list(pairs_to_score([in_memory.path]).pairs)
    assert learnt_pairs(run) is None
    expected = list(learnt_pairs(in_memory))
    assert list(learnt_sample(run)) == list(learnt_sample(in_memory)) == expected
    model = open_artefact(run.path).model
    tokenizers = model.source_tokenizer, model.target_tokenizer
    short = [pair for pair in expected if max(map(len, pair)) <= 50]  # too long ones are not learnt
    known = SentencePairs([s for s, _ in short], ["other", *(t for _, t in short[1:])], "new")
    told = [learnt_overlap(r, known, tokenizers) for r in (run, in_memory)]
    assert told == [{"pairs": len(known) - 1, "sources": len(known)}] * 2
    shutil.rmtree(tmp_path / "token_cache")
    assert learnt_overlap(run, known, tokenizers) is None  # not worth tokenising all of it anew
    with pytest.raises(ConfigError, match="data.cache was 'always'"):
        start(run.path, corpus, "training.epochs=3", resume=True)


def test_a_corpus_that_has_changed_is_not_gone_on_with(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"ab{n}\tcd{n}\n" for n in range(400)))
    options = (f"data.train={path}", "data.cache=always", "training.epochs=1")
    elsewhere = f"data.cache_directory={tmp_path / 'elsewhere'}"
    run, _ = start(tmp_path / "run", *options, elsewhere, callbacks=[Stop()])
    assert (tmp_path / "elsewhere").is_dir() and not (tmp_path / "token_cache").exists()
    path.write_text(path.read_text().replace("cd7\n", "ce7\n"))
    with pytest.raises(TrainingError, match=r"data.train .* have changed"):
        start(run.path, *options, resume=True)


def test_what_needs_texts_stays_in_memory(corpus):
    sampled = "text.subword_sampling_source=0.1"
    with pytest.raises(ConfigError, match='data.cache = "always" keeps ids alone'):
        load_config(None, ["data.cache=always", sampled])
    config = load_config(None, [corpus, sampled])
    assert len(config.read()[0]) == 570
    with pytest.raises(ConfigError, match="data.cache"):
        load_config(None, ["data.cache=alwys"])
    assert not load_config(None, ["data.cache=always"]).data.stays_on_disk  # it has no file
