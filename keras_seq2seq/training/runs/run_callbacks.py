"""The callbacks that a configuration asks for."""

from __future__ import annotations

import keras

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.objective.monitor import Monitor
from keras_seq2seq.objective.warmup_schedule import WarmupSchedule
from keras_seq2seq.training.callbacks.checkpoint_average import CheckpointAverage
from keras_seq2seq.training.callbacks.reduce_on_plateau import ReduceOnPlateau
from keras_seq2seq.training.callbacks.validation_bleu import ValidationBleu
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.messages import Say
from keras_seq2seq.training.runs.run_directory import RunDirectory
from keras_seq2seq.training.tensorboard.training_scalars import TrainingScalars


def run_callbacks(
    config: RunConfig,
    run: RunDirectory,
    schedule: WarmupSchedule,
    valid_pairs: SentencePairs,
    say: Say,
) -> list[keras.callbacks.Callback]:
    """Makes what averages, validates and steers. Averages come first: what follows sees them.

    Args:
        config: `RunConfig`.
        run: `RunDirectory`.
        schedule: `WarmupSchedule` of the optimizer.
        valid_pairs: `SentencePairs`.
        say: callable that is given each message for the user.

    Returns:
        list of Keras callbacks, in the order in which `fit` shall call them.
    """
    options, callbacks = config.training, []
    monitor = Monitor.of_validation(options.monitor)
    if options.ema_momentum:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    if options.average_epochs:
        callbacks.append(CheckpointAverage(run, options.average_epochs))
    if options.bleu_sentences:
        size = config.data.batch_size
        callbacks.append(ValidationBleu(valid_pairs, options.bleu_sentences, size))
    if options.schedule == "plateau":
        patience, factor = options.plateau_patience, options.plateau_factor
        callbacks.append(ReduceOnPlateau(schedule, monitor.column, patience, factor))
    if options.early_stopping_patience:
        patience = options.early_stopping_patience
        stopping = keras.callbacks.EarlyStopping(
            monitor.column, patience=patience, mode=monitor.mode
        )
        callbacks.append(stopping)
    callbacks.append(TrainingScalars(run.logs, say))
    return callbacks
