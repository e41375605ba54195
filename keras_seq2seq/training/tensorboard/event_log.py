"""Figures, text and pictures for TensorBoard."""

import os
from collections.abc import Callable, Mapping

import tensorflow as tf

from keras_seq2seq.training.messages import Say, quiet


class EventLog:
    """Writes figures, text and pictures for TensorBoard; opens its file when the first one comes.

    What cannot be written, on a full disk for instance, is told once and given up: a run is worth
    more than its pictures.
    """

    def __init__(self, log_dir: str | os.PathLike, say: Say = quiet):
        self.log_dir = log_dir
        self.say = say
        self.writer = None
        self.gave_up = False

    def scalars(self, figures: Mapping[str, float], step: int) -> None:
        """Adds figures by their names."""
        summaries = ((name, float(value)) for name, value in figures.items())
        self._write(lambda: [tf.summary.scalar(*summary, step=step) for summary in summaries])

    def text(self, name: str, markdown: str, step: int) -> None:
        """Adds a text in Markdown."""
        self._write(lambda: tf.summary.text(name, markdown, step=step))

    def image(self, name: str, png: bytes, step: int) -> None:
        """Adds a picture, given as the bytes of a PNG file."""
        pixels = tf.io.decode_png(png, channels=3)[None]  # [1, height, width, 3]
        self._write(lambda: tf.summary.image(name, pixels, step=step))

    def close(self) -> None:
        """Closes the file; one that comes later opens another."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def _write(self, summary: Callable[[], object]) -> None:
        if self.gave_up:
            return
        try:
            if self.writer is None:
                self.writer = tf.summary.create_file_writer(str(self.log_dir))
            with self.writer.as_default():
                summary()
            self.writer.flush()
        except (tf.errors.OpError, OSError) as error:
            message = str(error).splitlines()[0]
            self.say(f"{self.log_dir} cannot be written: {message}. Training goes on without it.")
            self.gave_up = True
