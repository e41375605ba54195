"""A batch that a run cannot digest."""

from __future__ import annotations

from collections.abc import Iterable

from keras_seq2seq.training.errors.training_error import TrainingError


class NonFiniteLoss(TrainingError):
    """The loss of a batch, or the norm of its gradient, is NaN or infinite.

    Args:
        message: str.
        epoch: int. The epoch of the batch, counted from 0.
        batch: int. Its number in the epoch, counted from 0.
        loss: float. The mean loss of the epoch up to this batch.
        gradient_norm: float or `None`, where it is not known.
        pairs: list of int. Which pairs of the corpus the batch is made of, counted from 0.

    Example:

    ```python
    try:
        model.fit(dataset, callbacks=[NonFiniteGuard(counter), counter])
    except NonFiniteLoss as failure:
        failure.epoch, failure.batch, failure.pairs
    ```
    """

    def __init__(
        self,
        message: str,
        epoch: int = 0,
        batch: int = 0,
        loss: float = float("nan"),
        gradient_norm: float | None = None,
        pairs: Iterable[int] = (),
    ):
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.loss = loss
        self.gradient_norm = gradient_norm
        self.pairs = list(pairs)
