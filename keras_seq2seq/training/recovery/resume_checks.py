"""Whether a run goes on with what it began with."""

from __future__ import annotations

from typing import Any

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.errors.training_error import TrainingError
from keras_seq2seq.training.runs.run_directory import RunDirectory

# What may differ: these decide when a run stops and what it saves, not what it learns.
_FREE = {
    "training.max_minutes",
    "training.checkpoint_minutes",
    "training.keep_checkpoints",
    "training.sample_translations",
    "training.attention_images",
    "training.embedding_projector",
}


def check_config_unchanged(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises ConfigError where a run would go on with another configuration.

    Args:
        before: dict, `RunConfig.to_dict()` of the run as it began.
        now: dict, the same of today.

    Example:

    >>> check_config_unchanged({"model": {"units": 8}}, {"model": {"units": 8}})
    """
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


def check_data_unchanged(run: RunDirectory, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises TrainingError where a run would go on with other pairs.

    Args:
        run: `RunDirectory`, for the message.
        before: dict of `data_fingerprint` for `train` and `valid` as the run began.
        now: dict, the same of today.
    """
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


def version_changes(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What is another version than before, as text; "" where all is the same.

    >>> version_changes({"keras": "3.14"}, {"keras": "3.15"})
    'keras 3.14 -> 3.15'
    """
    changed = {name for name in before if before[name] != now.get(name)}
    return ", ".join(f"{name} {before[name]} -> {now.get(name)}" for name in sorted(changed))
