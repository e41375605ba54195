"""Which figure shall be high is known in one place."""

import keras
import pytest

from keras_seq2seq.evaluation.run_curves import RunCurves
from keras_seq2seq.objective.monitor import Monitor
from keras_seq2seq.training import BestModel, ReduceOnPlateau, RunDirectory, WarmupSchedule


@pytest.mark.parametrize(
    ("column", "mode"),
    [("val_loss", "min"), ("loss", "min"), ("val_perplexity", "min"), ("val_bleu", "max")],
)
def test_scores_shall_be_high_and_losses_low(column, mode, tmp_path, monkeypatch):
    """Whoever compares epochs finds the same one the best."""
    figures = [2.0, 3.0, 1.0, 3.0]
    best = {"max": 2, "min": 3}[mode]
    assert Monitor(column).mode == mode
    assert RunCurves("run", [1, 2, 3, 4], {column: figures}).best_epoch(column) == best

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    monkeypatch.setattr(model, "copy", lambda dtype: model, raising=False)
    kept = BestModel(RunDirectory(tmp_path).create(), column)
    plateau = ReduceOnPlateau(WarmupSchedule(0.1, decay="plateau"), column, patience=9)
    stopping = keras.callbacks.EarlyStopping(column, patience=9, mode=Monitor(column).mode)
    for callback in (kept, plateau, stopping):
        callback.set_model(model)
    stopping.on_train_begin()
    for epoch, figure in enumerate(figures):
        for callback in (kept, plateau, stopping):
            callback.on_epoch_end(epoch, {column: figure})
    assert kept.best_epoch == stopping.best_epoch + 1 == best
    assert plateau.wait == len(figures) - best


def test_the_name_in_a_configuration_is_that_of_validation():
    assert Monitor.of_validation("bleu") == Monitor("val_bleu")
    assert Monitor() == Monitor.of_validation("loss")
