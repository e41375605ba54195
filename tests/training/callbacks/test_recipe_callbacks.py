"""Schedules, averages and BLEU: the parts of a recipe, each by itself and in a run."""

import csv
import math

import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import Phrasebook
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.evaluation.corpus_scores import score_corpus
from keras_seq2seq.training import (
    BestModel,
    CheckpointAverage,
    ReduceOnPlateau,
    RunDirectory,
    TrainingState,
    ValidationBleu,
    WarmupSchedule,
    load_config,
    train,
)

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


@pytest.mark.parametrize("decay", ["cosine", "inverse_sqrt", "constant", "plateau"])
def test_every_schedule_rises_to_its_peak_and_then_declines(decay):
    schedule = WarmupSchedule(0.1, warmup_steps=10, total_steps=100, decay=decay)
    rates = [float(schedule(step)) for step in range(100)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 100, rtol=1e-5)
    expected = {
        "cosine": lambda n: 0.05 * (1 + math.cos(math.pi * (n - 10) / 91)),
        "inverse_sqrt": lambda n: 0.1 * math.sqrt(10 / n),
    }.get(decay, lambda n: 0.1)
    np.testing.assert_allclose(rates[10:], [expected(n) for n in range(11, 101)], atol=1e-7)
    check_config_is_complete(schedule)
    assert float(WarmupSchedule(0.1, total_steps=9, decay=decay)(0)) == pytest.approx(0.1)


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'cosine'"):
        WarmupSchedule(0.1, decay="cosin")


@pytest.mark.parametrize(
    ("monitor", "values"), [("val_loss", [3, 2, 2, 2, 1]), ("val_bleu", [1, 2, 2, 2, 3])]
)
def test_a_plateau_lowers_the_rate_that_the_compiled_step_uses(monitor, values):
    schedule = WarmupSchedule(0.5, decay="plateau")
    model = one_layer(schedule)
    callback = ReduceOnPlateau(schedule, monitor, patience=2, factor=0.1)
    callback.set_model(model)
    rates = []
    for epoch, value in enumerate(values):
        before = model.get_weights()[0].copy()
        model.fit(X, X[:, :1], batch_size=32, verbose=0)
        rates.append(float(np.abs(model.get_weights()[0] - before).max() > 0) and callback.scale)
        callback.on_epoch_end(epoch, {monitor: value})
    assert rates == pytest.approx([1, 1, 1, 1, 0.1])
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)
    callback.on_epoch_end(9, {})  # an epoch without the figure counts for nothing
    assert callback.wait == 0


def one_layer(rate=0.05):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.set_weights([np.full((3, 1), 0.1, "float32"), np.zeros(1, "float32")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


class Ends(keras.callbacks.Callback):
    """The weights before and behind the average, and the validation loss."""

    def __init__(self):
        super().__init__()
        self.own, self.seen, self.losses = [], [], []

    def on_train_batch_end(self, batch, logs=None):
        self.last = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        self.own.append(self.last)
        self.seen.append(self.model.get_weights())
        self.losses.append(logs["val_loss"])


def fit(model, callbacks, **options):
    data = {"validation_data": (X, Y), "batch_size": 8, "shuffle": False, "verbose": 0}
    model.fit(X, Y, callbacks=callbacks, **data, **options)


def test_the_mean_of_the_last_epochs_is_validated_and_kept(tmp_path):
    plain, ends = Ends(), Ends()
    fit(one_layer(), [plain], epochs=5)
    model = one_layer()
    fit(model, [CheckpointAverage(RunDirectory(tmp_path), 3), ends], epochs=5)
    for epoch in range(5):
        for number in range(2):
            # Training goes on as if nothing were averaged.
            np.testing.assert_array_equal(ends.own[epoch][number], plain.own[epoch][number])
            mean = np.mean([w[number] for w in plain.own[max(0, epoch - 2) : epoch + 1]], axis=0)
            np.testing.assert_allclose(ends.seen[epoch][number], mean, rtol=1e-6)
    model.set_weights(ends.seen[4])
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(ends.losses[4], rel=1e-5)


def test_an_average_goes_on_where_a_checkpoint_was_written(tmp_path):
    whole = Ends()
    average = CheckpointAverage(RunDirectory(tmp_path / "a").create(), 3)
    fit(one_layer(), [average, whole], epochs=5)

    run = RunDirectory(tmp_path / "b").create()
    first = [CheckpointAverage(run, 3), Ends()]
    model = one_layer()
    fit(model, first, epochs=3)
    checkpoint = TrainingState(model, first).capture()

    second, model = [CheckpointAverage(run, 3), Ends()], one_layer()
    fit(model, [], epochs=1)  # so that all variables exist
    TrainingState(model, second).restore(checkpoint)
    fit(model, second, initial_epoch=3, epochs=5)
    for ours, theirs in zip(second[1].seen, whole.seen[3:], strict=True):
        for left, right in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(left, right)


def test_bleu_of_validation_sentences(trained, learnt):
    pairs = SentencePairs.from_pairs(learnt)
    logs = {}
    callback = ValidationBleu(pairs, sentences=100)
    callback.set_model(trained)
    callback.on_epoch_end(0, logs)
    translations = trained.generate([source for source, _ in learnt])
    expected = score_corpus(translations, [target for _, target in learnt]).bleu
    assert logs["val_bleu"] == pytest.approx(expected) and expected > 50
    some = ValidationBleu(pairs, sentences=3)
    assert len(some.sources) == 3 and some.sources == ValidationBleu(pairs, sentences=3).sources
    by_source = dict(learnt)
    assert [by_source[source] for source in some.sources] == some.references


def test_the_best_model_may_be_that_of_the_highest_bleu(tmp_path, trained):
    best = BestModel(RunDirectory(tmp_path).create(), "val_bleu")
    best.set_model(trained)
    for epoch, value in enumerate([10.0, 30.0, 20.0]):
        best.on_epoch_end(epoch, {"val_bleu": value})
    assert best.best_epoch == 2


@pytest.mark.slow
def test_a_run_with_everything(tmp_path):
    pairs = Phrasebook(size=5000).split("train")
    for name, part in (("train", pairs[:200]), ("valid", pairs[200:230])):
        lines = [f"{source}\t{target}\n" for source, target in part]
        (tmp_path / f"{name}.tsv").write_text("".join(lines), "utf-8")
    config = load_config(
        None,
        [
            f"data.train={tmp_path}/train.tsv",
            f"data.valid={tmp_path}/valid.tsv",
            "data.batch_tokens=400",
            "text.vocabulary_size=500",
            "text.subword_sampling_source=0.3",
            "text.subword_sampling_target=0.3",
            "model.units=8",
            "model.embedding_dim=8",
            "training.epochs=3",
            "training.schedule=plateau",
            "training.ema_momentum=0",
            "training.average_epochs=2",
            "training.bleu_sentences=10",
            "training.monitor=bleu",
            "training.early_stopping_patience=9",
        ],
    )
    run = RunDirectory(tmp_path / "run").create()
    summary = train(config, run)
    rows = list(csv.DictReader(run.metrics.open()))
    scores = [float(row["val_bleu"]) for row in rows]
    assert len(rows) == 3 and summary.best_epoch == scores.index(max(scores)) + 1
    assert summary.valid_loss == pytest.approx(float(rows[summary.best_epoch - 1]["val_loss"]))
