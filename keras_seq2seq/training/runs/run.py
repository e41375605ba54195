"""A whole training run, from corpus to `model.keras`."""

import dataclasses
import json
import math
import warnings

import keras

from keras_seq2seq.data import EpochCounter, drop_over_long, make_dataset
from keras_seq2seq.training.callbacks.best_model import BestModel
from keras_seq2seq.training.runs.build import build_model, compile_model
from keras_seq2seq.training.callbacks.checkpoint_average import CheckpointAverage
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.recovery.checkpointing import Checkpointing
from keras_seq2seq.training.runs.corpora import read_corpora
from keras_seq2seq.training.recovery.interruption import Interruption
from keras_seq2seq.training.callbacks.metrics_file import MetricsFile
from keras_seq2seq.training.recovery.non_finite_guard import NonFiniteGuard
from keras_seq2seq.training.errors.non_finite_loss import NonFiniteLoss
from keras_seq2seq.training.callbacks.reduce_on_plateau import ReduceOnPlateau
from keras_seq2seq.training.recovery.rollback import Rollback
from keras_seq2seq.training.runs.run_start import begin_run, resume_run, run_tokenizers
from keras_seq2seq.training.tensorboard.tensorboard_views import tensorboard_views
from keras_seq2seq.training.callbacks.time_limit import TimeLimit
from keras_seq2seq.training.errors.training_error import TrainingError
from keras_seq2seq.training.tensorboard.training_scalars import TrainingScalars
from keras_seq2seq.training.recovery.training_state import TrainingState
from keras_seq2seq.training.callbacks.validation_bleu import ValidationBleu


@dataclasses.dataclass(frozen=True)
class TrainingSummary:
    """What a run came to.

    Attributes:
        epochs: int. Epochs that were run.
        best_epoch: int. The epoch whose weights were kept, counted from 1.
        valid_loss: float. Its validation loss, nats per token.
        valid_perplexity: float.
        seconds: float. Time spent in `fit`.
        parameters: int.
    """

    epochs: int
    best_epoch: int
    valid_loss: float
    valid_perplexity: float
    seconds: float
    parameters: int


def train(config, run, pairs=None, say=lambda message: None, callbacks=(), resume=False):
    """Trains a model as a configuration says and leaves everything in a run directory.

    Checkpoints are written on the way. A run that was killed and is resumed ends with the
    weights and figures of one that was not. After a loss that is not finite it goes back to the
    last checkpoint, slower and without the offending batch; see `Rollback`. The first SIGINT or
    SIGTERM ends it after the batch, with a checkpoint.

    Args:
        config: `RunConfig`.
        run: `RunDirectory`, created.
        pairs: `SentencePairs` to train on and those to validate on, if they were read already.
        say: callable that is given each message for the user.
        callbacks: further Keras callbacks, such as a progress bar. What they know comes through
            a resumption if they name it in `checkpointed`; see `TrainingState`.
        resume: bool. Goes on from the last checkpoint in the directory, or from the beginning
            where there is none. Otherwise old checkpoints are removed.

    Returns:
        A `TrainingSummary`; the model itself lies in `run.model`.

    Raises:
        CorpusError: the pairs cannot be read.
        ConfigError: resumed with another configuration.
        TrainingError: no epoch gave a finite validation loss, or three times in a row a training
            loss was not finite; resumed with other data; the model cannot be written.
        TrainingInterrupted: a signal came.
        ValueError: the run is finished, or another process trains it.

    Example:

    ```python
    train(load_config("ko_en.toml"), RunDirectory("runs/ko_en").create(), say=print)
    ```
    """
    with run.locked():
        return _train(config, run, pairs or read_corpora(config.data), say, callbacks, resume)


def _train(config, run, pairs, say, callbacks, resume):
    keras.utils.set_random_seed(config.training.seed)
    store = CheckpointStore(run.checkpoints, config.training.keep_checkpoints, say)
    start, facts = (resume_run if resume else begin_run)(config, run, store, pairs, say)
    model, train_data, valid_data, counter, pairs = _prepare(config, run, pairs, start, say)
    steps = len(train_data)
    epochs = config.training.epochs or enough_epochs(steps)
    schedule = compile_model(model, config.training, steps * epochs)
    model.optimizer.build(model.trainable_variables)
    parameters = model.seq2seq.count_params()
    say(f"{parameters:,} parameters, {epochs} epochs of {steps:,} batches")

    limit = TimeLimit(config.training.max_minutes or math.inf)
    table, best = MetricsFile(run, say), BestModel(run, f"val_{config.training.monitor}")
    callbacks = [
        NonFiniteGuard(counter),
        counter,
        *_callbacks(config, run, schedule, pairs[1], say),
        *tensorboard_views(config.training, model, run.logs, pairs[1], say),
        limit,
        *callbacks,
        table,
        best,
    ]
    checkpointing = Checkpointing(
        store,
        TrainingState(model, callbacks),
        counter,
        facts,
        minutes=config.training.checkpoint_minutes,
        steps=config.training.checkpoint_steps,
        best=best,
    )
    rollback = Rollback(run, store, pairs[0], say)
    with Interruption() as checkpointing.interruption, warnings.catch_warnings():
        # An epoch that begins in its midst, or leaves out a batch, is shorter than the others.
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        while True:
            try:
                model.fit(
                    train_data,
                    validation_data=valid_data,
                    epochs=epochs,
                    initial_epoch=checkpointing.begin_at(start, epochs),
                    verbose=0,
                    callbacks=[*callbacks, checkpointing],
                )
                break
            except NonFiniteLoss as failure:
                start = rollback.prepare(failure, steps)
    return _finish(run, table, best, limit, parameters)


def _finish(run, table, best, limit, parameters):
    """Marks the run as finished."""
    if best.best_epoch is None:
        raise TrainingError(
            "No epoch gave a finite validation loss. Lower training.learning_rate, or use "
            'training.precision = "float32".'
        )
    summary = TrainingSummary(
        epochs=len(table.rows),
        best_epoch=best.best_epoch,
        valid_loss=table.rows[best.best_epoch - 1]["val_loss"],
        valid_perplexity=table.rows[best.best_epoch - 1]["val_perplexity"],
        seconds=limit.elapsed,
        parameters=parameters,
    )
    text = json.dumps(dataclasses.asdict(summary), indent=1) + "\n"
    run.write_text(run.summary.name, text)
    return summary


def enough_epochs(steps):
    """12 epochs, or more for a small corpus: it takes some 5,000 batches to learn a language."""
    return min(max(12, round(5000 / steps)), 60)


def _prepare(config, run, pairs, start, say):
    """Tokenises and batches: model, datasets, the counter that belongs to them, pairs kept."""
    tokenizers = run_tokenizers(config.text, run, pairs[0], start, say)
    limits = {
        "max_source_length": config.data.max_source_length,
        "max_target_length": config.data.max_target_length,
    }
    train_pairs, valid_pairs = (drop_over_long(side, *tokenizers, **limits) for side in pairs)
    reports = {}
    for name, side in (("train", train_pairs), ("valid", valid_pairs)):
        say(side.report.describe())
        reports[name] = side.report.to_dict()
    run.write_text("data_report.json", json.dumps(reports, ensure_ascii=False, indent=1) + "\n")

    model = build_model(config, *tokenizers)
    counter = EpochCounter()
    shared = {"batch_size": config.data.batch_size, **limits}
    train_data = make_dataset(
        train_pairs,
        *tokenizers,
        seed=config.training.seed,
        epoch_counter=counter,
        batch_tokens=config.data.batch_tokens,
        subword_sampling=(
            config.text.subword_sampling_source,
            config.text.subword_sampling_target,
        ),
        r_drop=config.training.r_drop > 0,
        **shared,
    )
    valid_data = make_dataset(valid_pairs, *tokenizers, shuffle=False, **shared)
    return model, train_data, valid_data, counter, (train_pairs, valid_pairs)


def _callbacks(config, run, schedule, valid_pairs, say):
    """The order matters: averaged weights come first, so that what follows sees them."""
    options, callbacks = config.training, []
    monitor = f"val_{options.monitor}"
    if options.ema_momentum:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    if options.average_epochs:
        callbacks.append(CheckpointAverage(run, options.average_epochs))
    if options.bleu_sentences:
        size = config.data.batch_size
        callbacks.append(ValidationBleu(valid_pairs, options.bleu_sentences, size))
    if options.schedule == "plateau":
        patience, factor = options.plateau_patience, options.plateau_factor
        callbacks.append(ReduceOnPlateau(schedule, monitor, patience, factor))
    if options.early_stopping_patience:
        mode = "max" if options.monitor == "bleu" else "min"
        patience = options.early_stopping_patience
        callbacks.append(keras.callbacks.EarlyStopping(monitor, patience=patience, mode=mode))
    callbacks.append(TrainingScalars(run.logs, say))
    return callbacks
