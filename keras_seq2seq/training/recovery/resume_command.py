"""The command that goes on with a run."""

import shlex
from pathlib import Path

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.configuration.config_file import read_toml


def resume_command(run: Path, distribute: str, workers: int = 1) -> str:
    """What goes on with a run on the devices that it runs on now.

    Args:
        run: its directory, whose configuration says what it was begun with.
        distribute: `training.distribute` as it is now.
        workers: how many there are; each is started by a command of its own.
    """
    command = f"keras-seq2seq train --resume {shlex.quote(str(run))}"
    if distribute != _begun_with(run):
        command += f" --set training.distribute={distribute}"
    if workers > 1:
        command += " (each worker, with the --workers and --worker that it had)"
    return command


def _begun_with(run: Path) -> str:
    try:
        return read_toml(str(run / "config.toml"))["training"].get("distribute", "none")
    except (ConfigError, KeyError):  # an older run, or none
        return "none"
