"""Translations in TensorBoard, epoch by epoch."""

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass

import keras

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs, Say, quiet
from keras_seq2seq.training.tensorboard.event_log import EventLog


@dataclass(eq=False, repr=False)
class SampleTranslations(KnownNames, keras.callbacks.Callback):
    """Translates a few sentences after every epoch and shows them in TensorBoard's text view.

    Behind `SwapEMAWeights` in the list of callbacks it is the averaged weights that translate.

    Args:
        log_dir: A directory for TensorBoard, in which nothing else writes.
        sources: A few sentences.
        references: As many.
        say: Is given each message for the user.

    Raises:
        ValueError: if there are not as many references as sources.

    Example:

    ```python
    samples = SampleTranslations("logs/samples", valid.sources[:3], valid.targets[:3])
    model.fit(dataset, epochs=5, callbacks=[samples])   # tensorboard --logdir logs
    ```
    """

    log_dir: str | os.PathLike
    sources: Sequence[str]
    references: Sequence[str]
    say: Say = quiet

    def __post_init__(self):
        super().__init__()
        if len(self.sources) != len(self.references):
            raise ValueError(
                f"SampleTranslations: {len(self.sources)} sources, but {len(self.references)} "
                "references."
            )
        self.log = EventLog(self.log_dir, self.say)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        translations = self.model.generate(self.sources)
        rows = ["| source | reference | translation |", "|---|---|---|"]
        for texts in zip(self.sources, self.references, translations, strict=True):
            rows.append(f"| {' | '.join(map(_cell, texts))} |")
        self.log.text("samples", "\n".join(rows), step=epoch + 1)

    def on_train_end(self, logs: Logs = None) -> None:
        self.log.close()


def _cell(text: str) -> str:
    """Text as one cell of a table: nothing in it is Markdown or HTML."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_{}[]|~$" else c for c in escaped) or " "
