"""Processes that were forked, in which a backend of many threads waits for ever."""

import os

import keras

_state = {"started": False, "forked": False}


def mark_started() -> None:
    """Remembers that this process has a model, and so threads of the backend; not if forked."""
    refuse_forked()
    _state["started"] = True


def refuse_forked() -> None:
    """Raises a `RuntimeError` in a process that was forked from one that had a model.

    The threads of TensorFlow and JAX are not there after a fork: what is given to them never ends.
    """
    if _state["forked"]:
        raise RuntimeError(
            f"This process was forked from one in which {keras.backend.backend()} had started its "
            "threads, which a fork leaves behind: the model would wait for ever. Start processes "
            'by multiprocessing.get_context("spawn"), and load the model in each of them.'
        )


def _after_fork() -> None:
    _state["forked"] = _state["started"] and keras.backend.backend() != "torch"


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
