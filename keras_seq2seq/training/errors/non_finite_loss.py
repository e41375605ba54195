"""A batch that a run cannot digest."""

from collections.abc import Sequence
from dataclasses import dataclass

from keras_seq2seq.training.errors.training_error import TrainingError


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

    Example:

    ```python
    try:
        model.fit(dataset, callbacks=[NonFiniteGuard(counter), counter])
    except NonFiniteLoss as failure:
        failure.epoch, failure.batch, failure.pairs
    ```
    """

    message: str
    epoch: int = 0
    batch: int = 0
    loss: float = float("nan")
    gradient_norm: float | None = None
    pairs: Sequence[int] = ()

    def __post_init__(self):
        super().__init__(self.message)
