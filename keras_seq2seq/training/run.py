"""A whole training run, from corpus to `model.keras`."""

import dataclasses
import json
import time

import keras

from keras_seq2seq.data import EpochCounter, drop_over_long, make_dataset, parse_columns, read_pairs
from keras_seq2seq.training.best_model import BestModel
from keras_seq2seq.training.build import build_model, compile_model, learn_tokenizers
from keras_seq2seq.training.config_file import commented_toml
from keras_seq2seq.training.time_limit import TimeLimit
from keras_seq2seq.training.training_error import TrainingError


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


def train(config, run, say=lambda message: None, callbacks=()):
    """Trains a model as a configuration says and leaves everything in a run directory.

    Args:
        config: `RunConfig`.
        run: `RunDirectory`, created.
        say: callable that is given each message for the user.
        callbacks: further Keras callbacks, such as a progress bar.

    Returns:
        A `TrainingSummary`; the model itself lies in `run.model`.

    Raises:
        CorpusError: the pairs cannot be read.
        TrainingError: no epoch gave a finite validation loss.

    Example:

    ```python
    train(load_config("ko_en.toml"), RunDirectory("runs/ko_en").create(), say=print)
    ```
    """
    keras.utils.set_random_seed(config.training.seed)
    run.write_text("config.toml", commented_toml(config))
    model, train_data, valid_data, counter = _prepare(config, run, say)
    steps = len(train_data)
    compile_model(model, config.training, steps * config.training.epochs)
    say(f"{model.seq2seq.count_params():,} parameters, {steps:,} batches an epoch")

    best = BestModel(run)
    start = time.monotonic()
    history = model.fit(
        train_data,
        validation_data=valid_data,
        epochs=config.training.epochs,
        verbose=0,
        shuffle=False,  # the dataset does it
        callbacks=[counter, *_callbacks(config.training, run), best, *callbacks],
    )
    if best.best_epoch is None:
        raise TrainingError(
            "No epoch gave a finite validation loss. Lower training.learning_rate, or use "
            'training.precision = "float32".'
        )
    return TrainingSummary(
        epochs=len(history.epoch),
        best_epoch=best.best_epoch,
        valid_loss=best.best,
        valid_perplexity=history.history["val_perplexity"][best.best_epoch - 1],
        seconds=time.monotonic() - start,
        parameters=model.seq2seq.count_params(),
    )


def _prepare(config, run, say):
    """Reads, tokenises and batches: model, datasets, and the counter they share."""
    columns = parse_columns(config.data.columns)
    train_pairs = read_pairs(config.data.train, columns)
    valid_pairs = read_pairs(config.data.valid, columns)
    say("Learning the vocabulary")
    tokenizers = learn_tokenizers(config.text, train_pairs)
    limits = {
        "max_source_length": config.data.max_source_length,
        "max_target_length": config.data.max_target_length,
    }
    train_pairs = drop_over_long(train_pairs, *tokenizers, **limits)
    valid_pairs = drop_over_long(valid_pairs, *tokenizers, **limits)
    reports = {"train": train_pairs.report, "valid": valid_pairs.report}
    for report in reports.values():
        say(report.describe())
    rows = {name: dataclasses.asdict(report) for name, report in reports.items()}
    run.write_text("data_report.json", json.dumps(rows, ensure_ascii=False, indent=1) + "\n")

    model = build_model(config, *tokenizers)
    counter = EpochCounter()
    shared = {"batch_size": config.data.batch_size, **limits}
    train_data = make_dataset(
        train_pairs, *tokenizers, seed=config.training.seed, epoch_counter=counter, **shared
    )
    valid_data = make_dataset(valid_pairs, *tokenizers, shuffle=False, **shared)
    return model, train_data, valid_data, counter


def _callbacks(config, run):
    """The order matters: averaged weights come first, so that what follows sees them."""
    callbacks = [keras.callbacks.TerminateOnNaN()]
    if config.ema_momentum:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    if config.max_minutes:
        callbacks.append(TimeLimit(config.max_minutes))
    if config.early_stopping_patience:
        callbacks.append(
            keras.callbacks.EarlyStopping("val_loss", patience=config.early_stopping_patience)
        )
    callbacks.append(keras.callbacks.CSVLogger(str(run.metrics)))
    callbacks.append(keras.callbacks.TensorBoard(str(run.logs), write_graph=False))
    return callbacks
