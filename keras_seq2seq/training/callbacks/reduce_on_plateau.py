"""Lowers the learning rate when validation no longer gets better."""

import keras

from keras_seq2seq.objective.monitor import Monitor
from keras_seq2seq.objective.warmup_schedule import WarmupSchedule
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs


class ReduceOnPlateau(KnownNames, keras.callbacks.Callback):
    """Multiplies the scale of a `WarmupSchedule` after epochs without a better figure.

    Keras's own `ReduceLROnPlateau` can set a fixed learning rate only, not one under warm-up.

    Args:
        schedule: One with the decay `"plateau"`.
        monitor: The figure to watch, a column of `Monitor`.
        patience: Epochs without a better one before the scale is lowered.
        factor: What the scale is multiplied by, in (0, 1).

    Example:

    ```python
    schedule = WarmupSchedule(1e-3, warmup_steps=400, decay="plateau")
    model.fit(dataset, validation_data=valid, callbacks=[ReduceOnPlateau(schedule)])
    ```
    """

    checkpointed = ("best", "wait", "scale")

    def __init__(
        self,
        schedule: WarmupSchedule,
        monitor: str = "val_loss",
        patience: int = 1,
        factor: float = 0.5,
    ):
        super().__init__()
        self.schedule = schedule
        self.monitor = Monitor(monitor)
        self.patience = patience
        self.factor = factor
        self.best = float("inf")  # of `Monitor.rank`
        self.wait = 0

    @property
    def scale(self) -> float:
        """What the learning rate is multiplied by now."""
        return float(self.schedule.scale.numpy())

    @scale.setter
    def scale(self, value: float) -> None:
        self.schedule.scale.assign(value)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = (logs or {}).get(self.monitor.column)
        if value is None:
            return
        rank = self.monitor.rank(value)
        if rank < self.best:
            self.best, self.wait = rank, 0
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.scale, self.wait = self.scale * self.factor, 0
