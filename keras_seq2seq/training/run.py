"""A whole training run, from corpus to `model.keras`."""

import dataclasses
import json
import time

import keras

from keras_seq2seq.data import EpochCounter, drop_over_long, make_dataset
from keras_seq2seq.training.best_model import BestModel
from keras_seq2seq.training.build import build_model, compile_model, learn_tokenizers
from keras_seq2seq.training.config_file import commented_toml
from keras_seq2seq.training.corpora import read_corpora
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


def train(config, run, pairs=None, say=lambda message: None, callbacks=()):
    """Trains a model as a configuration says and leaves everything in a run directory.

    Args:
        config: `RunConfig`.
        run: `RunDirectory`, created.
        pairs: `SentencePairs` to train on and those to validate on, if they were read already.
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
    model, train_data, valid_data, counter, reports = _prepare(config, pairs, say)
    run.write_text("config.toml", commented_toml(config))
    run.write_text("data_report.json", json.dumps(reports, ensure_ascii=False, indent=1) + "\n")
    steps = len(train_data)
    epochs = config.training.epochs or enough_epochs(steps)
    compile_model(model, config.training, steps * epochs)
    parameters = model.seq2seq.count_params()
    say(f"{parameters:,} parameters, {epochs} epochs of {steps:,} batches")

    best = BestModel(run)
    start = time.monotonic()
    history = model.fit(
        train_data,
        validation_data=valid_data,
        epochs=epochs,
        verbose=0,
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
        parameters=parameters,
    )


def enough_epochs(steps):
    """12 epochs, or more for a small corpus: it takes some 5,000 batches to learn a language."""
    return min(max(12, round(5000 / steps)), 60)


def _prepare(config, pairs, say):
    """Reads, tokenises and batches: model, datasets, the counter they share, and reports."""
    train_pairs, valid_pairs = pairs or read_corpora(config.data)
    say("Learning the vocabulary")
    tokenizers = learn_tokenizers(config.text, train_pairs)
    limits = {
        "max_source_length": config.data.max_source_length,
        "max_target_length": config.data.max_target_length,
    }
    train_pairs = drop_over_long(train_pairs, *tokenizers, **limits)
    valid_pairs = drop_over_long(valid_pairs, *tokenizers, **limits)
    reports = {}
    for name, pairs in (("train", train_pairs), ("valid", valid_pairs)):
        say(pairs.report.describe())
        reports[name] = pairs.report.to_dict()

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
        **shared,
    )
    valid_data = make_dataset(valid_pairs, *tokenizers, shuffle=False, **shared)
    return model, train_data, valid_data, counter, reports


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
