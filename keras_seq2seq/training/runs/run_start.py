"""The first steps of a run: a new one, or one that goes on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_seq2seq.data.cache.scanned_corpus import ScannedCorpus
from keras_seq2seq.data.quality.held_out import SEED
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
from keras_seq2seq.training.runs.going_on import (
    asked_to_go_on,
    check_unfinished,
    go_on,
    is_finished,
)
from keras_seq2seq.training.runs.initial_model import is_described, save_initial_model
from keras_seq2seq.training.runs.own_files import check_own_files, write_vocabularies

# What may differ: these decide when a run stops and what it saves, not what it learns.
FREE = {
    "data.cache_directory",
    "training.max_minutes",
    "training.checkpoint_minutes",
    "training.keep_checkpoints",
    "training.distribute",
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
    model: TextSeq2Seq | None,
) -> tuple[Checkpoint | None, dict[str, Any]]:
    """Begins a run, or finds the last checkpoint and makes sure that it is one of the same run.

    Returns it, if any, and what each one shall hold of the run's beginning.

    Raises:
        ConfigError: the configuration has changed, or a model was given to one of both alone.
        TrainingError: the data have changed.
        ValueError: the run is finished, or there is one already.
    """
    start, own_model = store.newest() if resume else None, model is not None
    if resume:
        check_unfinished(run, config, start)
    elif run.summary.exists() or run.model.exists() or store.places():
        raise ValueError(
            f"{run.path} holds {'a trained model' if run.model.exists() else 'a run'} already. "
            "Choose another directory, or go on with it: resume=True."
        )
    if start is None:
        if resume:
            say(f"{run.path} holds no checkpoint: training starts from the beginning.")
        own = {"own_model": own_model, "drops_alike": True}
        return None, {**_begin(config, run, store, pairs, model), **own}
    if start.state.get("own_model", False) != own_model:
        raise ConfigError(
            f"The run in {run.path} began {'without' if own_model else 'with'} a model that was "
            f"given to it: resume it as Run(..., {'' if own_model else 'model=..., '}resume=True)."
        )
    goes_on = is_finished(run, start) and asked_to_go_on(config, start)
    before, now = start.state["config"], config.to_dict()
    if before["data"]["valid"] == config.data.valid_corpus:  # the same pairs by another name
        before = {**before, "data": {**before["data"], "valid": config.data.valid}}
    if own_model and "files" not in start.state:  # of an earlier version, which described none
        before = {**before, "text": now["text"], "model": now["model"]}
    _check_config(before, now, FREE | {"training.epochs"} if goes_on else FREE)
    _check_data(run, start.state["data"], _fingerprints(pairs))
    check_own_files(run, start)
    run.remove_leftovers()
    store.remove_leftovers()
    if goes_on:  # written down first: whoever is killed from now on has asked for it
        run.write_text(run.config.name, written_config(config, model))
        go_on(start)
    kept = ("config", "data", "versions", "planned_epochs", "files")
    facts = {name: start.state[name] for name in kept if name in start.state}
    own = {"own_model": own_model, "drops_alike": start.state.get("drops_alike", False)}
    facts |= own | ({"config": now} if goes_on else {})
    old, new = facts["versions"], versions()
    names = sorted(name for name in old if old[name] != new.get(name))
    if names:
        changed = ", ".join(f"{name} {old[name]} -> {new.get(name)}" for name in names)
        say(f"Since the run began: {changed}. Its last digits may differ from an unbroken run.")
    if goes_on or not is_finished(run, start):
        say(f"Resuming at epoch {start.place[0] + 1}, batch {start.place[1] + 1}")
    return start, facts


def written_config(config: RunConfig, model: TextSeq2Seq | None) -> str:
    """`config.toml`: beside a model that the run was given, it says what it knows of that."""
    if model is None:
        return commented_toml(config)
    note = "# The run began with a trained model, kept as initial_model.keras. "
    note += (
        "[text] and [model] describe it.\n"
        if is_described(model)
        else "[model] says nothing of it:\n# it is of an own kind.\n"
    )
    note += "# Its vocabularies are not learnt: what [text] says of learning is not looked at.\n\n"
    return note + commented_toml(config)


def _begin(
    config: RunConfig,
    run: RunDirectory,
    store: CheckpointStore,
    pairs: Sequence[SentencePairs],
    model: TextSeq2Seq | None,
) -> dict[str, Any]:
    """Writes down what a new run is made of; what an older one left is removed."""
    store.clear()
    run.remove_leftovers()
    old = (run.bad_batches, run.file_hashes, *run.path.glob(CheckpointAverage.files))
    for path in (*old, *([run.initial_model] if model is None else [])):
        path.unlink(missing_ok=True)
    if model is not None:  # first: without it the rest would describe another run
        save_initial_model(run, model)
    facts = {"config": config.to_dict(), "data": _fingerprints(pairs), "versions": versions()}
    run.write_text(run.config.name, written_config(config, model))
    run.write_json(run.data_fingerprint.name, facts["data"])
    run.write_json(run.versions.name, facts["versions"])
    return facts


def run_tokenizers(
    config: TextConfig,
    run: RunDirectory,
    pairs: SentencePairs | ScannedCorpus,
    start: Checkpoint | None,
    model: TextSeq2Seq | None,
    say: Say,
) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a run: its model's, those it began with, or newly learnt; and saved."""
    files = (run.source_vocabulary, run.target_vocabulary)
    if model is not None:
        tokenizers = (model.source_tokenizer, model.target_tokenizer)
    elif start is not None and all(path.exists() for path in files):
        return read_tokenizer(files[0]), read_tokenizer(files[1])
    else:
        say("Learning the vocabulary")
        tokenizers = learn_tokenizers(
            config, pairs.sample if isinstance(pairs, ScannedCorpus) else pairs
        )
    write_vocabularies(run, tokenizers, start)
    return tokenizers


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a vocabulary file of a run."""
    try:
        return tokenizer_from_state(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise TrainingError(f"{path} is broken: {error} Remove it to learn it anew.") from error


def _fingerprints(pairs: Sequence[SentencePairs]) -> dict[str, Any]:
    train, valid = map(data_fingerprint, pairs)
    if held_out := pairs[0].report.held_out:
        valid["held_out"] = {"of": pairs[0].origin, "pairs": held_out, "seed": SEED}
    return {"train": train, "valid": valid}


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Each key on which two of `RunConfig.to_dict()` differ, with both values."""
    return [
        (f"{section}.{key}", one[section][key], value)
        for section, keys in other.items()
        for key, value in keys.items()
        # A key of a newer version: its default.
        if one.get(section, {}).get(key, value) != value
    ]


def _check_config(before: dict[str, Any], now: dict[str, Any], free: set[str]) -> None:
    """Raises ConfigError where `RunConfig.to_dict()` is another one than as the run began."""
    changes = [
        f"{key} was {old!r} and is now {new!r}"
        for key, old, new in differences(before, now)
        if key not in free
    ]
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
