"""A `.keras` file."""

import zipfile
from typing import Any

import keras
import numpy as np

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.artefact import Artefact, Generated, Progress
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.guards.keras_archive import check_archive
from keras_seq2seq.keras_registration import register_classes
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


class KerasArtefact(Artefact):
    """A `TextSeq2Seq`, loaded from a `.keras` file or in memory.

    Args:
        path: The file; or `None` with a model.
        model: One that is there already.

    Raises:
        ExportError: The file holds no `TextSeq2Seq`, was damaged or put together from several,
            asks for classes or sizes that a model does not need, or has weights that are not
            finite.
    """

    kind = "keras"

    def __init__(self, path: FilePath | None = None, model: TextSeq2Seq | None = None):
        self.path = "" if path is None else str(path)
        self.model = self._load() if model is None else model

    def _load(self) -> TextSeq2Seq:
        if not zipfile.is_zipfile(self.path):  # Keras would say that it is not found
            raise ExportError(
                f"{self.path} is not a .keras file, or was cut off: it is no whole zip archive."
            )
        try:
            register_classes()
            check_archive(self.path)
            model = keras.saving.load_model(self.path, compile=False)
        except ExportError:
            raise
        except Exception as error:  # a broken file fails in as many ways as there are bytes
            reason = first_line(error)
            raise ExportError(f"{self.path} is not a readable .keras model: {reason}") from error
        if not isinstance(model, TextSeq2Seq):
            raise ExportError(
                f"{self.path} holds a {type(model).__name__}, not a TextSeq2Seq: without "
                "tokenizers it cannot read text. Save the TextSeq2Seq around it."
            )
        if not (model.source_tokenizer.has_vocabulary and model.target_tokenizer.has_vocabulary):
            raise ExportError(f"{self.path} lacks a vocabulary: save the model again.")
        for weight in model.weights:
            if not np.isfinite(weight.numpy()).all():
                raise ExportError(
                    f"{self.path}: the weights {weight.path} are not finite; nothing can be "
                    "computed with them. Take an earlier model."
                )
        return model

    def _generate(
        self, texts: list[str], batch_size: int, progress: Progress, **options: Any
    ) -> Generated:
        outputs, *numbers = self.model.generate_batches(texts, batch_size, progress, **options)
        return Generated(outputs, *(array.tolist() for array in numbers))

    def _score(
        self, sources: list[str], targets: list[str], batch_size: int, progress: Progress
    ) -> list[float]:
        scores = self.model.score(sources, targets, batch_size, progress=progress)
        return np.asarray(scores).tolist()

    def describe(self) -> dict[str, Any]:
        seq2seq = self.model.seq2seq
        return {
            "parameters": seq2seq.count_params(),
            **seq2seq.describe(),
            "shortlist": getattr(seq2seq, "shortlist", None) is not None,
            "dtype": seq2seq.policy.name,
            "source_tokenizer": type(self.model.source_tokenizer).__name__,
            "target_tokenizer": type(self.model.target_tokenizer).__name__,
            "source_vocabulary_size": self.model.source_tokenizer.vocabulary_size,
            "target_vocabulary_size": self.model.target_tokenizer.vocabulary_size,
            "max_source_length": self.model.max_source_length,
            "max_target_length": self.model.max_target_length,
        }
