"""Lowers the learning rate when validation no longer gets better."""

import keras


class ReduceOnPlateau(keras.callbacks.Callback):
    """Multiplies the scale of a `WarmupSchedule` after epochs without a better figure.

    Keras's own `ReduceLROnPlateau` can set a fixed learning rate only, not one under warm-up.

    Args:
        schedule: `WarmupSchedule` with the decay `"plateau"`.
        monitor: str. The figure to watch; `val_bleu` shall be high, any other low.
        patience: int. Epochs without a better one before the scale is lowered.
        factor: float in (0, 1). What the scale is multiplied by.

    Example:

    ```python
    schedule = WarmupSchedule(1e-3, warmup_steps=400, decay="plateau")
    model.compile(keras.optimizers.Adam(schedule), SequenceCrossentropy())
    model.fit(dataset, validation_data=valid, callbacks=[ReduceOnPlateau(schedule)])
    ```
    """

    checkpointed = ("best", "wait", "scale")

    def __init__(self, schedule, monitor="val_loss", patience=1, factor=0.5):
        super().__init__()
        self.schedule = schedule
        self.monitor = monitor
        self.patience = patience
        self.factor = factor
        self.best = float("inf")
        self.wait = 0

    @property
    def scale(self):
        """float. What the learning rate is multiplied by now."""
        return float(self.schedule.scale.numpy())

    @scale.setter
    def scale(self, value):
        self.schedule.scale.assign(value)

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get(self.monitor)
        if value is None:
            return
        value = -value if self.monitor == "val_bleu" else value
        if value < self.best:
            self.best, self.wait = value, 0
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.scale, self.wait = self.scale * self.factor, 0
