"""The first steps of a run: a new one, or one that goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text import Tokenizer, tokenizer_from_state
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.callbacks.checkpoint_average import CheckpointAverage
from keras_seq2seq.training.configuration.config import RunConfig, TextConfig
from keras_seq2seq.training.configuration.config_file import commented_toml
from keras_seq2seq.training.errors.training_error import TrainingError
from keras_seq2seq.training.messages import Say
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.recovery.resume_checks import (
    check_config_unchanged,
    check_data_unchanged,
    version_changes,
)
from keras_seq2seq.training.runs.build import learn_tokenizers
from keras_seq2seq.training.runs.fingerprint import data_fingerprint, versions
from keras_seq2seq.training.runs.run_directory import RunDirectory


def begin_run(
    config: RunConfig,
    run: RunDirectory,
    store: CheckpointStore,
    pairs: Sequence[SentencePairs],
    say: Say,
) -> tuple[Checkpoint | None, dict[str, Any]]:
    """Writes down what a new run is made of; what an older one left is removed.

    Args:
        config: `RunConfig`.
        run: `RunDirectory`.
        store: `CheckpointStore` of the run.
        pairs: two `SentencePairs`, for training and validation.
        say: callable that is given each message for the user.

    Returns:
        `None`, and a dict of what each checkpoint shall hold of the run's beginning.
    """
    store.clear()
    run.remove_leftovers()
    for path in (run.summary, run.bad_batches, *run.path.glob(CheckpointAverage.files)):
        path.unlink(missing_ok=True)
    facts = {"config": config.to_dict(), "data": _fingerprints(pairs), "versions": versions()}
    run.write_text(run.config.name, commented_toml(config))
    run.write_text(run.data_fingerprint.name, _as_json(facts["data"]))
    run.write_text(run.versions.name, _as_json(facts["versions"]))
    return None, facts


def resume_run(
    config: RunConfig,
    run: RunDirectory,
    store: CheckpointStore,
    pairs: Sequence[SentencePairs],
    say: Say,
) -> tuple[Checkpoint | None, dict[str, Any]]:
    """Finds the last checkpoint and makes sure that it is one of the same run.

    Args and returns as `begin_run`, but the last `Checkpoint` instead of `None`.

    Raises:
        ConfigError: the configuration has changed.
        TrainingError: the data have changed.
        ValueError: the run is finished.
    """
    run.check_unfinished()
    start = store.newest()
    if start is None:
        say(f"{run.path} holds no checkpoint: training starts from the beginning.")
        return begin_run(config, run, store, pairs, say)
    check_config_unchanged(start.state["config"], config.to_dict())
    check_data_unchanged(run, start.state["data"], _fingerprints(pairs))
    run.remove_leftovers()
    store.remove_leftovers()
    facts = {name: start.state[name] for name in ("config", "data", "versions")}
    changed = version_changes(facts["versions"], versions())
    if changed:
        say(f"Since the run began: {changed}. Its last digits may differ from an unbroken run.")
    say(f"Resuming at epoch {start.place[0] + 1}, batch {start.place[1] + 1}")
    return start, facts


def run_tokenizers(
    config: TextConfig,
    run: RunDirectory,
    pairs: SentencePairs,
    start: Checkpoint | None,
    model: TextSeq2Seq | None,
    say: Say,
) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a run: its model's, those it began with, or newly learnt; and saved.

    Args:
        config: `TextConfig`.
        run: `RunDirectory`.
        pairs: `SentencePairs` to learn from.
        start: `Checkpoint` or `None`.
        model: `TextSeq2Seq` with tokenizers of its own, or `None`.
        say: callable that is given each message for the user.
    """
    files = (run.source_vocabulary, run.target_vocabulary)
    if model is not None:
        tokenizers = (model.source_tokenizer, model.target_tokenizer)
    elif start is not None and all(path.exists() for path in files):
        return _read_tokenizer(files[0]), _read_tokenizer(files[1])
    else:
        say("Learning the vocabulary")
        tokenizers = learn_tokenizers(config, pairs)
    for path, tokenizer in zip(files, tokenizers, strict=True):
        state = {**tokenizer.vocabulary_state(), "tokens": tokenizer.tokens()}
        run.write_text(path.name, _as_json(state))
    return tokenizers


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return tokenizer_from_state(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise TrainingError(f"{path} is broken: {error} Remove it to learn it anew.") from error


def _fingerprints(pairs: Sequence[SentencePairs]) -> dict[str, Any]:
    return {name: data_fingerprint(p) for name, p in zip(("train", "valid"), pairs, strict=True)}


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
