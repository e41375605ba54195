"""Translations in TensorBoard, epoch by epoch."""

from __future__ import annotations

import html
import os

import keras

from keras_seq2seq.training.messages import Logs, Say, quiet
from keras_seq2seq.training.tensorboard.event_log import EventLog


class SampleTranslations(keras.callbacks.Callback):
    """Translates a few sentences after every epoch and shows them in TensorBoard's text view.

    Behind `SwapEMAWeights` in the list of callbacks it is the averaged weights that translate.

    Args:
        log_dir: path of a directory for TensorBoard, in which nothing else writes.
        sources: list of str, few.
        references: list of as many str.
        say: callable that is given each message for the user.

    Raises:
        ValueError: if there are not as many references as sources.

    Example:

    ```python
    samples = SampleTranslations("logs/samples", valid.sources[:3], valid.targets[:3])
    model.fit(dataset, epochs=5, callbacks=[samples])   # tensorboard --logdir logs
    ```
    """

    def __init__(
        self,
        log_dir: str | os.PathLike,
        sources: list[str],
        references: list[str],
        say: Say = quiet,
    ):
        super().__init__()
        if len(sources) != len(references):
            raise ValueError(
                f"SampleTranslations: {len(sources)} sources, but {len(references)} references."
            )
        self.sources = list(sources)
        self.references = list(references)
        self.log = EventLog(log_dir, say)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        translations = self.model.generate(self.sources)
        rows = [
            "| source | reference | translation |",
            "|---|---|---|",
            *(
                f"| {_cell(source)} | {_cell(reference)} | {_cell(translation)} |"
                for source, reference, translation in zip(
                    self.sources, self.references, translations, strict=True
                )
            ),
        ]
        self.log.text("samples", "\n".join(rows), step=epoch + 1)

    def on_train_end(self, logs: Logs = None) -> None:
        self.log.close()


def _cell(text: str) -> str:
    """Text as one cell of a table: nothing in it is Markdown or HTML."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_{}[]|~$" else c for c in escaped) or " "
