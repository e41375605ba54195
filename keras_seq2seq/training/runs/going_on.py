"""A finished run that goes on: with more epochs, or more minutes."""

import json
from typing import Any

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.run_directory import RunDirectory


def check_unfinished(run: RunDirectory, config: RunConfig, start: Checkpoint | None) -> None:
    """Refuses a run that has come to its end, unless it is asked to go on, or was killed then.

    Args:
        run: its directory.
        config: what it is to be resumed with.
        start: its last checkpoint.

    Raises:
        ConfigError: it is asked for no more than it has done.
        ValueError: it is finished, or has nothing to go on from.
    """
    if start is None:
        if run.summary.exists() or run.model.exists():
            raise ValueError(
                f"{run.path} holds a trained model, but no checkpoint to go on from. Begin a new "
                f"run with its weights: keras-seq2seq train --from {run.path}"
            )
    elif is_finished(run, start) and run.model.exists() and not asked_to_go_on(config, start):
        raise ValueError(
            f"The run {run.path} is finished; its model is {run.model}. To train longer, ask for "
            f"more than its {start.place[0]} epochs: keras-seq2seq train --resume {run.path} "
            "--set training.epochs=..."
        )


def is_finished(run: RunDirectory, start: Checkpoint) -> bool:
    """Whether a run has come to its end and has not gone on since."""
    try:
        epochs = json.loads(run.summary.read_text("utf-8"))["epochs"]
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):  # edited; there was one
        return True
    return start.place <= (epochs, 0)


def asked_to_go_on(config: RunConfig, start: Checkpoint) -> bool:
    """Whether a finished run is given more epochs, or more time where the clock had ended it.

    Raises:
        ConfigError: it is given other epochs, but no more than it has done, or no time for them.
    """
    before: dict[str, Any] = start.state["config"]["training"]
    now, done = config.training, start.place[0]
    more_epochs = now.epochs != before["epochs"]
    if more_epochs and now.epochs <= done:
        raise ConfigError(
            f"training.epochs is {now.epochs}, but the run has done {done} epochs: to go on, ask "
            "for more."
        )
    elapsed = start.state["callbacks"].get("TimeLimit/0", {}).get("elapsed", 0.0)
    in_time = not now.max_minutes or elapsed < 60 * now.max_minutes
    if more_epochs and not in_time:
        raise ConfigError(
            f"training.max_minutes is {now.max_minutes:g}, and all of them are used up: to go on, "
            "set it to more, or to 0."
        )
    more_minutes = now.max_minutes != before.get("max_minutes", 0.0) and in_time
    return more_epochs or (start.state["stop_training"] and more_minutes)


def go_on(start: Checkpoint) -> None:
    """Takes back from a checkpoint what had ended the run; early stopping is patient again."""
    start.state["stop_training"] = False
    for name, known in start.state["callbacks"].items():
        if name.startswith("EarlyStopping/"):
            known["wait"] = 0
