"""What ends a run before its time."""

from collections.abc import Sequence
from dataclasses import dataclass


class CheckpointError(ValueError):
    """A checkpoint is broken, or does not fit the model it shall be loaded into."""


class TrainingError(RuntimeError):
    """A run cannot go on; the message says how to mend it."""


class WorkerGone(TrainingError):
    """Another worker of a run is gone or does not come: all can be started again as they were.

    Example:

    ```python
    try:
        train(config, run)
    except WorkerGone as error:
        print(error)  # Worker 0, the chief, has waited for worker 1 (10.0.0.2:5000) in vain. ...
    ```
    """


class TrainingInterrupted(TrainingError):
    """A signal came; the run has written a checkpoint and can be resumed.

    Args:
        message: Where it stopped and how it goes on.
        signal: Number of the signal.

    Example:

    ```python
    try:
        train(config, run)
    except TrainingInterrupted as stop:
        train(config, run, resume=True)
    ```
    """

    def __init__(self, message: str, signal: int = 2):
        super().__init__(message)
        self.signal = signal


class DidNotLearn(TrainingError):
    """A run has come to its end and learnt nothing; its model and its summary are kept.

    Example:

    ```python
    try:
        train(config, run)
    except DidNotLearn as error:
        print(error)  # Nothing was learnt: none of 288 steps was applied, because ...
    ```
    """


@dataclass(eq=False, repr=False)
class NonFiniteLoss(TrainingError):
    """The loss of a batch, or the norm of its gradient, is NaN or infinite.

    Args:
        message: What happened.
        epoch: The epoch of the batch, counted from 0.
        batch: Its number in the epoch, counted from 0.
        loss: The mean loss of the epoch up to this batch.
        gradient_norm: `None` where it is not known.
        pairs: Which pairs of the corpus the batch is made of, counted from 0.
    """

    message: str
    epoch: int = 0
    batch: int = 0
    loss: float = float("nan")
    gradient_norm: float | None = None
    pairs: Sequence[int] = ()

    def __post_init__(self):
        super().__init__(self.message)
