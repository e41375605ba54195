"""Stops a run that gets no better."""

import keras

from keras_seq2seq.objective.quantization_aware import still_exact
from keras_seq2seq.training.messages import Logs


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras's own, which does not stop a run that is yet to round its weights.

    Epochs before that count for nothing: see `quantization_aware`.

    Args:
        monitor: The figure to watch, a column of the logs.
        **options: As Keras has them.

    Example:

    ```python
    model.fit(dataset, validation_data=valid, callbacks=[EarlyStopping("val_loss", patience=3)])
    ```
    """

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if not still_exact(self.model.optimizer):
            super().on_epoch_end(epoch, logs)
