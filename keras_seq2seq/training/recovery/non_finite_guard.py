"""Stops a fit at once where the loss is no number."""

import math
from typing import Any, NoReturn

import keras

from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.objective.recoverable_optimizer import gradient_norm_of
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.errors import NonFiniteLoss
from keras_seq2seq.training.messages import Logs


class NonFiniteGuard(KnownNames, keras.callbacks.Callback):
    """Raises `NonFiniteLoss` after the first batch whose loss or gradient is not finite.

    So it does for the last batch of an epoch whose validation loss is not finite.

    With a loss scale (`mixed_float16`) the optimizer itself leaves out gradients that overflow,
    and only the loss is watched.

    Args:
        counter: It stands behind this one in the list of callbacks.
    """

    def __init__(self, counter: EpochCounter):
        super().__init__()
        self.counter = counter

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss, norm = float((logs or {})["loss"]), gradient_norm_of(self.model.optimizer)
        if math.isfinite(loss) and (norm is None or math.isfinite(norm)):
            return
        words = "unknown" if norm is None else format(norm, ".4g")
        what = f"the loss is {loss:.4g}, the norm of the gradient {words}"
        self._raise(self.counter.batch, what, loss, norm)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        loss = float((logs or {}).get("val_loss", 0.0))
        if not math.isfinite(loss):  # the update behind the last batch has spoilt the weights
            done = [n for n in range(self.counter.batch) if (epoch, n) not in self.counter.skipped]
            self._raise(done[-1], f"behind it, the validation loss is {loss:.4g}", loss, None)

    def _raise(self, number: int, what: str, loss: float, norm: float | None) -> NoReturn:
        epoch = self.counter.epoch
        plan: list[Any] = self.counter.plan
        raise NonFiniteLoss(
            f"Epoch {epoch + 1}, batch {number + 1}: {what}.",
            epoch=epoch,
            batch=number,
            loss=loss,
            gradient_norm=norm,
            pairs=[int(index) for batch in plan[number : number + 1] for index in batch],
        )
