"""training.quantization_aware: what a run is left with."""

import keras
import numpy as np
import pytest
from learnt_pairs import PAIRS

from keras_seq2seq import Seq2Seq, TextSeq2Seq
from keras_seq2seq.objective.quantization_aware import quantization_aware
from keras_seq2seq.training.callbacks.best_model import BestModel
from keras_seq2seq.training.callbacks.early_stopping import EarlyStopping
from keras_seq2seq.training.configuration.config import RunConfig, TrainingConfig
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.runs.build import compile_model, run_callbacks

SOURCES, TARGETS = (list(side) for side in zip(*PAIRS, strict=True))


def values_of(model):
    """The most values that a unit's or a token's weights have, for each large matrix."""
    found = []
    for variable in model.trainable_variables:
        if len(variable.shape) == 2 and np.prod(variable.shape) >= 1024:
            rows = variable.numpy() if "embeddings" in variable.path else variable.numpy().T
            scale = np.abs(rows).max(axis=1, keepdims=True) / 7
            found.append(max(len(np.unique(np.round(row, 3))) for row in rows / scale))
    return found


@pytest.mark.slow
def test_the_last_third_of_the_steps_rounds(trained, tmp_path):
    source, target = trained.source_tokenizer, trained.target_tokenizer
    sizes = source.vocabulary_size, target.vocabulary_size
    seq2seq = Seq2Seq.from_options(*sizes, units=32, embedding_dim=32)
    model = TextSeq2Seq(seq2seq, source, target, max_source_length=24, max_target_length=20)
    training = TrainingConfig(quantization_aware="int4", warmup_steps=0)
    schedule = compile_model(model, training, total_steps=6)
    assert not model.optimizer.use_ema
    run = RunDirectory(tmp_path)
    callbacks = run_callbacks(RunConfig(training=training), run, schedule, None, print)
    assert not any(isinstance(c, keras.callbacks.SwapEMAWeights) for c in callbacks)
    sizes = []
    for _ in range(6):  # one step each
        model.fit(SOURCES, TARGETS, batch_size=len(PAIRS), verbose=0)
        sizes.append(values_of(model))
    assert min(map(min, sizes[:3])) > 15  # 4 of 6 steps are exact, and the 4th rounds for the 5th
    assert max(map(max, sizes[3:])) <= 15


def test_an_epoch_with_exact_weights_is_not_the_best_and_does_not_stop_a_run(trained, tmp_path):
    """Validation is often better before weights are rounded: what is kept shall be rounded."""
    model = trained.copy()
    model.compile(quantization_aware(keras.optimizers.SGD, bits=4, first_step=4)(), "mse")
    model.optimizer.build(model.trainable_variables)
    best = BestModel(RunDirectory(tmp_path).create())
    stopping = EarlyStopping("val_loss", patience=2)
    for callback in (best, stopping):
        callback.set_model(model)
        callback.on_train_begin()
    kept = []
    for epoch, loss in enumerate([1.0, 2.0, 3.0, 5.0, 4.0, 6.0, float("nan")]):
        model.optimizer.iterations.assign_add(1)  # the fourth step rounds
        for callback in (best, stopping):
            callback.on_epoch_end(epoch, {"val_loss": loss})
        kept.append((best.best_epoch, best.is_exact, model.stop_training))
    assert [found for found, _, _ in kept] == [1, 1, 1, 4, 5, 5, 5]
    assert [is_exact for _, is_exact, _ in kept] == [True] * 3 + [False] * 4
    assert [stops for _, _, stops in kept] == [False] * 6 + [True]
