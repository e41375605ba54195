"""Attention in TensorBoard, epoch by epoch."""

import io
import os

import keras

from keras_seq2seq.evaluation.attention_plot import attention_figure
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs, Say, quiet
from keras_seq2seq.training.tensorboard.event_log import EventLog


class AttentionImages(KnownNames, keras.callbacks.Callback):
    """Draws where the model looks while it translates a few sentences, after every epoch.

    The pictures stand in TensorBoard's image view, one for each sentence; with the slider one
    sees attention sharpen. Letters are shown where a font has them, see `plot_attention`.

    Args:
        log_dir: A directory for TensorBoard, in which nothing else writes.
        sources: A few sentences.
        say: Is given each message for the user.

    Raises:
        ValueError: in `fit`, if the model has no attention.

    Example:

    ```python
    images = AttentionImages("logs/attention", valid.sources[:2])
    model.fit(dataset, epochs=5, callbacks=[images])    # tensorboard --logdir logs
    ```
    """

    def __init__(self, log_dir: str | os.PathLike, sources: list[str], say: Say = quiet):
        super().__init__()
        self.sources = list(sources)
        self.log = EventLog(log_dir, say)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for number, source in enumerate(self.sources, start=1):
            figure = attention_figure(*self.model.attention(source))
            picture = io.BytesIO()
            figure.savefig(picture, format="png", dpi=80)
            self.log.image(f"attention/{number}", picture.getvalue(), step=epoch + 1)

    def on_train_end(self, logs: Logs = None) -> None:
        self.log.close()
