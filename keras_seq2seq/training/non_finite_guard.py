"""Stops a fit at once where the loss is no number."""

import math

import keras

from keras_seq2seq.training.non_finite_loss import NonFiniteLoss
from keras_seq2seq.training.recoverable_optimizer import gradient_norm_of


class NonFiniteGuard(keras.callbacks.Callback):
    """Raises `NonFiniteLoss` after the first batch whose loss or gradient is not finite.

    With a loss scale (`mixed_float16`) the optimizer itself leaves out gradients that overflow,
    and only the loss is watched.

    Args:
        counter: `EpochCounter`, which stands behind this one in the list of callbacks.

    Example:

    ```python
    model.fit(dataset, callbacks=[NonFiniteGuard(counter), counter])
    ```
    """

    def __init__(self, counter):
        super().__init__()
        self.counter = counter

    def on_train_batch_end(self, batch, logs=None):
        loss, norm = float(logs["loss"]), gradient_norm_of(self.model.optimizer)
        if math.isfinite(loss) and (norm is None or math.isfinite(norm)):
            return
        epoch, number = self.counter.epoch, self.counter.batch
        plan = self.counter.plan
        raise NonFiniteLoss(
            f"Epoch {epoch + 1}, batch {number + 1}: the loss is {loss:.4g}, the norm of the "
            f"gradient {'unknown' if norm is None else format(norm, '.4g')}.",
            epoch=epoch,
            batch=number,
            loss=loss,
            gradient_norm=norm,
            pairs=[int(index) for index in plan[number]] if number < len(plan) else (),
        )
