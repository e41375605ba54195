"""Token embeddings for TensorBoard's projector."""

import os
from pathlib import Path

import keras
import numpy as np
from tensorboard.plugins import projector

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.training.messages import Logs, Say, quiet


class EmbeddingProjector(KnownNames, keras.callbacks.Callback):
    """Writes the token embeddings after every epoch, with the tokens as labels.

    TensorBoard's projector shows them in two or three dimensions, with the neighbours of each
    token. The embeddings of the last epoch replace those before. Shared ones are written once.

    Args:
        log_dir: A directory of TensorBoard with other figures: the projector looks nowhere else.
        max_tokens: Most tokens, the frequent ones first: browsers become slow beyond.
        say: Is given each message for the user.

    Example:

    ```python
    tensorboard = keras.callbacks.TensorBoard("logs")
    model.fit(dataset, callbacks=[tensorboard, EmbeddingProjector("logs/train")])
    ```
    """

    def __init__(self, log_dir: str | os.PathLike, max_tokens: int = 5000, say: Say = quiet):
        super().__init__()
        self.log_dir = Path(log_dir)
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
        for name, tokenizer, embedding in self._sides():
            table = keras.ops.convert_to_numpy(embedding.embeddings).astype("float32")
            tokens = tokenizer.tokens()[: self.max_tokens]
            with replacing(self.log_dir / f"{name}_tokens.tsv") as temporary:
                temporary.write_text("".join(f"{_label(t)}\n" for t in tokens), "utf-8")
            with replacing(self.log_dir / f"{name}_embedding.tsv") as temporary:
                np.savetxt(temporary, table[: self.max_tokens], fmt="%.4g", delimiter="\t")
            entry = config.embeddings.add(tensor_name=f"{name} embedding")
            entry.metadata_path = f"{name}_tokens.tsv"
            entry.tensor_path = f"{name}_embedding.tsv"
        if not (self.log_dir / "projector_config.pbtxt").exists():
            projector.visualize_embeddings(str(self.log_dir), config)

    def _sides(self) -> list[tuple[str, Tokenizer, keras.layers.Embedding]]:
        """The target, and the source if that has a table of its own."""
        model, inner = self.model, self.model.seq2seq
        target = ("target", model.target_tokenizer, inner.decoder.embedding)
        source = ("source", model.source_tokenizer, inner.encoder.embedding)
        return [target] if source[2] is target[2] else [target, source]


def _label(token: str) -> str:
    """A token on one line, and never an empty one."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in token) or "(empty)"
