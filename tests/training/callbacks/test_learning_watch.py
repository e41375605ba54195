"""A run that learnt nothing does not end as one that did."""

import json

import keras
import pytest

from keras_seq2seq import Phrasebook
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.training import DidNotLearn, RunDirectory, TrainingSummary, load_config, train
from keras_seq2seq.training.runs.training_summary import judge

SENTENCES = Phrasebook(size=5000).split("train")
PAIRS = [SentencePairs.from_pairs(part) for part in (SENTENCES[:96], SENTENCES[96:112])]
SETTINGS = [
    "text.tokenizer=byte",
    "model.units=4",
    "model.embedding_dim=4",
    "data.batch_size=32",
    "data.max_source_length=200",
    "data.max_target_length=200",
    "training.epochs=2",
    "training.warmup_steps=0",
    "training.ema_momentum=0",
    "training.sample_translations=0",
    "training.attention_images=0",
]


def start(path, *changes, **options):
    run, said = RunDirectory(path).create(), []
    config = load_config(None, [*SETTINGS, *changes])
    try:
        return run, train(config, run, PAIRS, said.append, **options), said
    except DidNotLearn as error:
        return run, error, said


def never_finite(self, grads):
    return keras.ops.less(keras.ops.sum(keras.ops.abs(grads[0])), -1.0)


def test_a_run_whose_gradients_all_overflow_has_learnt_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.optimizers.LossScaleOptimizer, "check_finite", never_finite)
    run, error, said = start(tmp_path / "run", "training.precision=mixed_float16")
    assert "none of 6 steps was applied" in str(error) and str(run.model) in str(error)
    told = [text for text in said if "steps were left out" in text]
    assert len(told) == 2 and "Epoch 1: 3 of 3 steps were left out" in told[0]
    summary = json.loads(run.summary.read_text())
    assert (summary["steps"], summary["applied_steps"]) == (6, 0) and run.model.exists()
    assert summary["problem"] and summary["problem"] in str(error)


@pytest.mark.slow
def test_a_loss_scale_of_nothing_ends_the_run(tmp_path, monkeypatch):
    def vanish(self):
        self.dynamic_scale.assign(0.0)

    optimizer = keras.optimizers.LossScaleOptimizer
    monkeypatch.setattr(optimizer, "check_finite", never_finite)
    monkeypatch.setattr(optimizer, "_stateful_handle_non_finite_grads", vanish)
    run, error, _ = start(tmp_path / "run", "training.precision=mixed_float16")
    assert isinstance(error, DidNotLearn)
    summary = json.loads(run.summary.read_text())
    assert (summary["epochs"], summary["applied_steps"]) == (1, 0)


def test_a_perplexity_beyond_numbers_has_learnt_nothing(tmp_path):
    changes = ["training.learning_rate=100000", "model.fixed_norm=0", "training.clip_norm=0"]
    run, error, said = start(tmp_path / "run", *changes, "training.schedule=constant")
    assert "perplexity inf. Lower training.learning_rate" in str(error)
    assert any("Epoch 1: the validation perplexity is inf" in text for text in said)
    assert run.model.exists() and json.loads(run.summary.read_text())["problem"]


@pytest.mark.slow
def test_a_short_run_that_is_no_better_than_guessing_is_warned(tmp_path):
    once = "training.epochs=1"
    _, summary, said = start(tmp_path / "run", once)  # its first logits are large
    assert summary.valid_perplexity > 260 and said[-1] == summary.problem != ""
    _, summary, said = start(tmp_path / "good", once, "model.fixed_norm=0")
    assert (summary.problem, summary.steps, summary.applied_steps) == ("", 3, 3)


def summary(**changes):
    facts = {"epochs": 1, "best_epoch": 1, "valid_loss": 2.0, "valid_perplexity": 7.4}
    return TrainingSummary(**{**facts, "seconds": 1.0, "parameters": 9, **changes})


@pytest.mark.parametrize(
    ("changes", "said", "learnt"),
    [
        ({"steps": 9, "applied_steps": 9}, "", True),
        ({}, "", True),  # of an earlier version
        ({"steps": 9, "applied_steps": 1}, "", True),
        ({"steps": 9}, "none of 9 steps", False),
        ({"valid_perplexity": float("inf")}, "perplexity inf", False),
        ({"valid_perplexity": float("nan")}, "perplexity nan", False),
        ({"valid_loss": float("inf")}, "loss is inf", False),
        ({"valid_perplexity": 10.1}, "above that of guessing among the 10", True),
        ({"valid_perplexity": 9.9}, "", True),
    ],
)
def test_what_is_said_of_a_run(changes, said, learnt):
    problem, ok = judge(summary(**changes), vocabulary_size=10)
    assert ok is learnt and said in problem and bool(said) == bool(problem)
