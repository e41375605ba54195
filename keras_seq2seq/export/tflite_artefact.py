"""A `.tflite` file with its manifest, run by LiteRT."""

import pathlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.decoding.option_checks import as_sequences
from keras_seq2seq.decoding.search_options import SearchOptions, check_option_names
from keras_seq2seq.export.artefact import Artefact, Generated, Progress, disk_size
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.manifest import DEVICE_FORMAT, manifest_path, read_pair
from keras_seq2seq.export.on_device.seq2seq_lite import LiteError, Translator

_OF_TEXT = (  # too much to show
    *("vocabularies", "source", "target", "tables", "golden"),
    *("source_tokenizer", "target_tokenizer"),
)


class TFLiteArtefact(Artefact):
    """A `.tflite` file and the manifest beside it, which has the rules of text.

    Files of ids are run by `on_device.seq2seq_lite` alone, without Keras and TensorFlow; only
    those of text, and of earlier versions, are in need of both. Any number of threads may use
    one, one after the other. Threads that shall run side by side open the file once each.

    Args:
        path: The `.tflite` file.
        num_threads: Threads of the interpreter.

    Raises:
        ExportError: The file or its manifest cannot be read.
    """

    kind = "tflite"

    def __init__(self, path: FilePath, num_threads: int = 1):
        self.path = str(path)
        self.manifest, content = read_pair(path)
        self.translator: Translator | None = None
        if self.manifest["format"] != DEVICE_FORMAT:
            self._open_tokenized(content, num_threads)
            return
        try:
            self.translator = Translator(path, num_threads, (self.manifest, content))
        except LiteError as error:
            raise ExportError(str(error)) from error
        self.interpreter = self.translator.interpreter
        self.source_tokenizer: Any = self.translator.source

    def _generate(
        self, texts: list[str], batch_size: int, progress: Progress, **options: Any
    ) -> Generated:
        self._check_search(options)
        rows = []
        for text in texts:
            rows.append(self._one(text))
            if progress:
                progress(len(rows))
        return Generated(*([row[place] for row in rows] for place in range(3)))

    def _check_search(self, options: dict[str, Any]) -> None:
        search = {"beam_size": 1, **self.manifest.get("search", {})}
        built_in = SearchOptions.named(search)
        check_option_names(options)
        for name, value in options.items():
            has: Any = getattr(built_in, name)
            if name == "banned_ids":
                value = as_sequences(value)
                same = value == has  # tuples of unlike lengths
            else:
                same = np.array_equal(has, value)
            if value is not None and not same:
                raise ExportError(
                    f"{self.path} was exported with the search {search}, which cannot be "
                    f"changed: {name}={value!r}. Export it again, or use the .keras file."
                )

    def _one(self, text: str) -> tuple[str, float, int]:
        if self.translator is None:
            return self._text(text) if self.takes_text else self._ids(text)
        found = self._asked(self.translator.translate, text)
        return found.text, found.score, found.length

    def _score(
        self, sources: list[str], targets: list[str], batch_size: int, progress: Progress
    ) -> list[float]:
        if self.translator is None or "score" not in self.manifest["signatures"]:
            return super()._score(sources, targets, batch_size, progress)
        scores = []
        for pair in zip(sources, targets, strict=True):
            scores.append(self._asked(self.translator.score, *pair)[0])
            if progress:
                progress(len(scores))
        return scores

    def _asked(self, ask: Callable[..., Any], *texts: str) -> Any:
        try:
            return ask(*texts)
        except LiteError as error:
            raise ExportError(str(error)) from error

    def describe(self) -> dict[str, Any]:
        known = {k: v for k, v in self.manifest.items() if k not in _OF_TEXT}
        from keras_seq2seq.export.on_device.flat_model import operators

        return {**known, "operators": operators(pathlib.Path(self.path).read_bytes())}

    def size_bytes(self) -> int:
        return disk_size(self.path) + disk_size(manifest_path(self.path))

    # Files of text and of earlier formats, read by the tokenizers of this package

    def _open_tokenized(self, content: bytes, num_threads: int) -> None:
        from keras_seq2seq.text.tokenizers import tokenizer_from_state

        try:
            self.source_tokenizer = tokenizer_from_state(self.manifest["source_tokenizer"])
            self.target_tokenizer = tokenizer_from_state(self.manifest["target_tokenizer"])
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            file, reason = manifest_path(self.path), first_line(error)
            raise ExportError(f"{file}: a vocabulary is broken: {reason}") from error
        self._lock = threading.Lock()
        self.takes_text = self.manifest["signature"] == "text"
        try:
            self.interpreter = self._open(model_content=content, num_threads=num_threads)
            several = "translate" in self.interpreter.get_signature_list()  # one before format 3
            self._runner = self.interpreter.get_signature_runner(
                "translate" if several else "serving_default"
            )
        except (ValueError, RuntimeError) as error:
            reason = first_line(error)
            raise ExportError(f"{self.path} is not a readable .tflite model: {reason}") from error
        if not self.takes_text:
            self._check_length(int(self._runner.get_input_details()["ids"]["shape"][-1]))

    def _check_length(self, taken: int) -> None:
        if taken != self.manifest["max_source_length"]:
            raise ExportError(
                f"{self.path} takes {taken} ids, but by its manifest max_source_length is "
                f"{self.manifest['max_source_length']}. Export the model again."
            )

    def _open(self, **arguments: Any) -> Any:
        from ai_edge_litert import interpreter

        if not self.takes_text:
            return interpreter.Interpreter(**arguments)
        from tensorflow_text.core.pybinds import tflite_registrar

        operators = tflite_registrar.SELECT_TFTEXT_OPS
        return interpreter.InterpreterWithCustomOps(custom_op_registerers=operators, **arguments)

    def run(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Runs `translate`, for one thread at a time; what it gives is a copy."""
        if self.translator is not None:
            return self.translator.run("translate", **inputs)
        with self._lock:
            return self._runner(**inputs)

    def _ids(self, text: str) -> tuple[str, float, int]:
        from keras_seq2seq.text.framing import encode_source_python

        limit = self.manifest["max_source_length"]
        ids = encode_source_python(self.source_tokenizer, text, limit)
        result = self.run(ids=np.array([ids], "int32"))
        length = int(result["length"][0])
        output = self.target_tokenizer.detokenize_python(result["ids"][0, :length].tolist())
        return output, _finite(result), length

    def _text(self, text: str) -> tuple[str, float, int]:
        from keras_seq2seq.text.framing import blank_as_empty

        tokenizer, limit = self.source_tokenizer, self.manifest["max_source_length"]
        text = tokenizer.read_python(blank_as_empty(text, tokenizer.normalization), limit)
        result = self.run(text=np.array([text.encode()], object))
        output = result["text"][0].decode("utf-8", "replace")
        output = self.target_tokenizer.normalization.compose_python(output)
        return output, _finite(result), int(result["length"][0])


def _finite(result: dict[str, np.ndarray]) -> float:
    from keras_seq2seq.decoding.scoring import check_finite

    check_finite(result["score"])
    return float(result["score"][0])
