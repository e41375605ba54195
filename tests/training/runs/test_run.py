"""`Run`: an own model, and sentences that are tokenised once."""

import collections
import json

import numpy as np
import pytest
import tensorflow as tf
from contracts import few_at_first

from keras_seq2seq import ByteTokenizer, Phrasebook, Seq2Seq, TextSeq2Seq, open_artefact
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training import Run, RunDirectory, TrainingInterrupted, load_config

SENTENCES = Phrasebook(size=5000).split("train")
PAIRS = [SentencePairs.from_pairs(part) for part in (SENTENCES[:60], SENTENCES[60:80])]
CONFIG = load_config(
    None,
    [
        "text.tokenizer=byte",
        "model.units=6",
        "model.embedding_dim=6",
        "training.epochs=1",
        "training.sample_translations=0",
        "training.attention_images=0",
        "data.max_source_length=200",
        "data.max_target_length=200",
    ],
)


def own_model():
    bytes_ = ByteTokenizer()
    size = bytes_.vocabulary_size
    return TextSeq2Seq(
        Seq2Seq.from_options(size, size, units=4, embedding_dim=4), bytes_, bytes_, 200, 200
    )


@pytest.mark.parametrize("compiled", few_at_first(1, [True, False]))
def test_an_own_model_is_trained_with_its_own_tokenizers(compiled, tmp_path):
    said, model = [], own_model()
    if compiled:
        model.compile("sgd", loss="mse")
    before = [weights.copy() for weights in model.get_weights()]
    run = RunDirectory(tmp_path / "run").create()
    summary = Run(CONFIG, run, pairs=PAIRS, model=model, say=said.append).fit()
    assert "Learning the vocabulary" not in said
    assert summary.parameters == model.seq2seq.count_params()
    assert any(np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True))
    kept = open_artefact(run.model).model
    assert kept.seq2seq.count_params() == summary.parameters
    vocabulary = json.loads(run.source_vocabulary.read_text("utf-8"))
    assert vocabulary["tokens"] == model.source_tokenizer.tokens()


def test_a_run_of_an_own_model_is_resumed_with_it(tmp_path):
    class Stop(tf.keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise TrainingInterrupted("enough")

    run = RunDirectory(tmp_path / "run").create()
    with pytest.raises(TrainingInterrupted):
        Run(CONFIG, run, pairs=PAIRS, model=own_model(), callbacks=[Stop()]).fit()
    kept = run.initial_model.rename(tmp_path / "kept.keras")  # earlier versions wrote none
    with pytest.raises(ConfigError, match=r"began with a model .* resume it as Run\(.*, model="):
        Run(CONFIG, run, pairs=PAIRS, resume=True).fit()
    assert kept.exists() and not run.initial_model.exists()
    assert Run(CONFIG, run, pairs=PAIRS, model=own_model(), resume=True).fit().epochs == 1


def test_each_sentence_is_tokenised_once(tmp_path, monkeypatch):
    seen, tokenize = collections.Counter(), ByteTokenizer.tokenize

    def count(self, text):
        def note(texts):
            seen.update(texts.numpy().tolist())
            return texts

        noted = tf.py_function(note, [text], tf.string)
        return tokenize(self, tf.ensure_shape(noted, text.shape))

    monkeypatch.setattr(ByteTokenizer, "tokenize", count)
    Run(CONFIG, RunDirectory(tmp_path / "run").create(), pairs=PAIRS).fit()
    sentences = [text for side in PAIRS for text in (*side.sources, *side.targets)]
    assert seen == collections.Counter(text.encode("utf-8") for text in sentences)
