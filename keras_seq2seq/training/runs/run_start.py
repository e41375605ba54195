"""The first steps of a run: a new one, or one that goes on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.text import Tokenizer, tokenizer_from_state
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.callbacks.checkpoint_average import CheckpointAverage
from keras_seq2seq.training.configuration.config import RunConfig, TextConfig
from keras_seq2seq.training.configuration.config_file import commented_toml
from keras_seq2seq.training.errors import TrainingError
from keras_seq2seq.training.messages import Say
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.runs.build import learn_tokenizers
from keras_seq2seq.training.runs.fingerprint import data_fingerprint, versions

# What may differ: these decide when a run stops and what it saves, not what it learns.
_FREE = {
    "training.max_minutes",
    "training.checkpoint_minutes",
    "training.keep_checkpoints",
    "training.sample_translations",
    "training.attention_images",
    "training.embedding_projector",
}


def start_run(
    config: RunConfig,
    run: RunDirectory,
    store: CheckpointStore,
    pairs: Sequence[SentencePairs],
    say: Say,
    resume: bool,
    own_model: bool,
) -> tuple[Checkpoint | None, dict[str, Any]]:
    """Begins a run, or finds the last checkpoint and makes sure that it is one of the same run.

    Returns it, if any, and what each one shall hold of the run's beginning.

    Raises:
        ConfigError: the configuration has changed, or a model was given to one of both alone.
        TrainingError: the data have changed.
        ValueError: the run is finished.
    """
    if resume:
        run.check_unfinished()
    start = store.newest() if resume else None
    if start is None:
        if resume:
            say(f"{run.path} holds no checkpoint: training starts from the beginning.")
        return None, {**_begin(config, run, store, pairs), "own_model": own_model}
    if start.state.get("own_model", False) != own_model:
        raise ConfigError(
            f"The run in {run.path} began {'without' if own_model else 'with'} a model that was "
            f"given to it: resume it as Run(..., {'' if own_model else 'model=..., '}resume=True)."
        )
    _check_config(start.state["config"], config.to_dict())
    _check_data(run, start.state["data"], _fingerprints(pairs))
    run.remove_leftovers()
    store.remove_leftovers()
    facts = {name: start.state[name] for name in ("config", "data", "versions")}
    facts["own_model"] = own_model
    old, new = facts["versions"], versions()
    names = sorted(name for name in old if old[name] != new.get(name))
    if names:
        changed = ", ".join(f"{name} {old[name]} -> {new.get(name)}" for name in names)
        say(f"Since the run began: {changed}. Its last digits may differ from an unbroken run.")
    say(f"Resuming at epoch {start.place[0] + 1}, batch {start.place[1] + 1}")
    return start, facts


def _begin(
    config: RunConfig, run: RunDirectory, store: CheckpointStore, pairs: Sequence[SentencePairs]
) -> dict[str, Any]:
    """Writes down what a new run is made of; what an older one left is removed."""
    store.clear()
    run.remove_leftovers()
    for path in (run.summary, run.bad_batches, *run.path.glob(CheckpointAverage.files)):
        path.unlink(missing_ok=True)
    facts = {"config": config.to_dict(), "data": _fingerprints(pairs), "versions": versions()}
    run.write_text(run.config.name, commented_toml(config))
    run.write_json(run.data_fingerprint.name, facts["data"])
    run.write_json(run.versions.name, facts["versions"])
    return facts


def run_tokenizers(
    config: TextConfig,
    run: RunDirectory,
    pairs: SentencePairs,
    start: Checkpoint | None,
    model: TextSeq2Seq | None,
    say: Say,
) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a run: its model's, those it began with, or newly learnt; and saved."""
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
        run.write_json(path.name, state)
    return tokenizers


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return tokenizer_from_state(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise TrainingError(f"{path} is broken: {error} Remove it to learn it anew.") from error


def _fingerprints(pairs: Sequence[SentencePairs]) -> dict[str, Any]:
    return {name: data_fingerprint(p) for name, p in zip(("train", "valid"), pairs, strict=True)}


def _check_config(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises ConfigError where `RunConfig.to_dict()` is another one than as the run began."""
    changes = []
    for section, keys in now.items():
        for key, value in keys.items():
            old = before.get(section, {}).get(key, value)  # a key of a newer version: its default
            if old != value and f"{section}.{key}" not in _FREE:
                changes.append(f"{section}.{key} was {old!r} and is now {value!r}")
    if changes:
        raise ConfigError(
            f"The configuration of the run has changed: {'; '.join(changes)}. Resume it with what "
            "it began with, or start a new run."
        )


def _check_data(run: RunDirectory, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises TrainingError where a run would go on with pairs of another `data_fingerprint`."""
    for name, new in now.items():
        old = before[name]
        if old["sha256"] == new["sha256"]:
            continue
        sizes = {file["name"]: file["bytes"] for file in old["files"]}
        files = [
            f"{file['name']} had {sizes[file['name']]:,} bytes and has {file['bytes']:,}"
            for file in new["files"]
            if sizes.get(file["name"], file["bytes"]) != file["bytes"]
        ]
        raise TrainingError(
            f"The pairs of data.{name} ({new['origin']}) have changed since {run.path} began: "
            f"{old['pairs']:,} pairs with SHA-256 {old['sha256'][:12]} then, {new['pairs']:,} with "
            f"{new['sha256'][:12]} now{''.join(f'; {file}' for file in files)}. Bring the old "
            "data back, or start a new run."
        )
