"""Token embeddings for TensorBoard's projector."""

from __future__ import annotations

import os
import pathlib

import keras
import numpy as np
from tensorboard.plugins import projector

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.training.messages import Logs, Say, quiet


class EmbeddingProjector(keras.callbacks.Callback):
    """Writes the token embeddings after every epoch, with the tokens as labels.

    TensorBoard's projector shows them in two or three dimensions, with the neighbours of each
    token. The embeddings of the last epoch replace those before. Shared ones are written once.

    Args:
        log_dir: path of the directory for TensorBoard. It must be one in which there are other
            figures, too: the projector looks nowhere else.
        max_tokens: int. So many tokens at most, those with the lowest ids, which are the most
            frequent ones: browsers become slow beyond.
        say: callable that is given each message for the user.

    Example:

    ```python
    tensorboard = keras.callbacks.TensorBoard("logs")
    model.fit(dataset, callbacks=[tensorboard, EmbeddingProjector("logs/train")])
    ```
    """

    def __init__(self, log_dir: str | os.PathLike, max_tokens: int = 5000, say: Say = quiet):
        super().__init__()
        self.log_dir = pathlib.Path(log_dir)
        self.max_tokens = max_tokens
        self.say = say
        self.gave_up = False

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.gave_up:
            return
        try:
            self._write()
        except OSError as error:
            reason = error.strerror or error
            self.say(f"{self.log_dir} cannot be written: {reason}. Training goes on without it.")
            self.gave_up = True

    def _write(self) -> None:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        config = projector.ProjectorConfig()
        for name, tokenizer, table in self._tables():
            tokens = tokenizer.tokens()[: self.max_tokens]
            with replacing(self.log_dir / f"{name}_tokens.tsv") as temporary:
                temporary.write_text("".join(f"{_label(t)}\n" for t in tokens), "utf-8")
            with replacing(self.log_dir / f"{name}_embedding.tsv") as temporary:
                np.savetxt(temporary, table[: self.max_tokens], fmt="%.4g", delimiter="\t")
            entry = config.embeddings.add(tensor_name=f"{name} embedding")
            entry.metadata_path = f"{name}_tokens.tsv"
            entry.tensor_path = f"{name}_embedding.tsv"
        if not os.path.exists(self.log_dir / "projector_config.pbtxt"):
            projector.visualize_embeddings(str(self.log_dir), config)

    def _tables(self):
        """(name, tokenizer, table [V, E]) of the target, and of the source if that has its own."""
        model = self.model
        target = model.seq2seq.decoder.embedding
        source = model.seq2seq.encoder.embedding
        yield "target", model.target_tokenizer, _values(target)
        if source is not target:
            yield "source", model.source_tokenizer, _values(source)


def _values(embedding: keras.layers.Embedding) -> np.ndarray:
    return keras.ops.convert_to_numpy(embedding.embeddings).astype("float32")


def _label(token: str) -> str:
    """A token on one line, and never an empty one."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in token) or "(empty)"
