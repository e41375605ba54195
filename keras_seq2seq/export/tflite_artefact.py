"""A `.tflite` file with its manifest, run by LiteRT."""

import threading
from typing import Any

import numpy as np

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.decoding.option_checks import as_sequences
from keras_seq2seq.decoding.scoring import check_finite
from keras_seq2seq.decoding.search_options import SearchOptions, check_option_names
from keras_seq2seq.export.artefact import Artefact, Generated, Progress, disk_size
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.manifest import manifest_path, read_pair
from keras_seq2seq.text.framing import blank_as_empty, encode_source_python
from keras_seq2seq.text.tokenizers import tokenizer_from_state


class TFLiteArtefact(Artefact):
    """A `.tflite` file of ids or of text; the manifest beside it has the vocabularies.

    Any number of threads may use it, one after the other: an interpreter serves one at a time.
    Threads that shall run side by side open the file once each.

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
        try:
            self.source_tokenizer = tokenizer_from_state(self.manifest["source_tokenizer"])
            self.target_tokenizer = tokenizer_from_state(self.manifest["target_tokenizer"])
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            file, reason = manifest_path(path), first_line(error)
            raise ExportError(f"{file}: a vocabulary is broken: {reason}") from error
        self._lock = threading.Lock()
        self.takes_text = self.manifest["signature"] == "text"
        try:
            self.interpreter = self._open(model_content=content, num_threads=num_threads)
            self._runner = self.interpreter.get_signature_runner("serving_default")
        except (ValueError, RuntimeError) as error:
            reason = first_line(error)
            raise ExportError(f"{path} is not a readable .tflite model: {reason}") from error
        if not self.takes_text:
            self._check_length(int(self.interpreter.get_input_details()[0]["shape"][-1]))

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
        """Runs the signature, for one thread at a time; what it gives is a copy."""
        with self._lock:
            return self._runner(**inputs)

    def _generate(
        self, texts: list[str], batch_size: int, progress: Progress, **options: Any
    ) -> Generated:
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
        rows = []
        for text in texts:
            rows.append(self._text(text) if self.takes_text else self._ids(text))
            if progress:
                progress(len(rows))
        found = Generated(*([row[place] for row in rows] for place in range(3)))
        check_finite(found.scores)
        return found

    def _ids(self, text: str) -> tuple[str, float, int]:
        limit = self.manifest["max_source_length"]
        ids = encode_source_python(self.source_tokenizer, text, limit)
        result = self.run(ids=np.array([ids], "int32"))
        length = int(result["length"][0])
        output = self.target_tokenizer.detokenize_python(result["ids"][0, :length].tolist())
        return output, float(result["score"][0]), length

    def _text(self, text: str) -> tuple[str, float, int]:
        tokenizer, limit = self.source_tokenizer, self.manifest["max_source_length"]
        text = tokenizer.read_python(blank_as_empty(text, tokenizer.normalization), limit)
        result = self.run(text=np.array([text.encode()], object))
        output = result["text"][0].decode("utf-8", "replace")
        output = self.target_tokenizer.normalization.compose_python(output)
        return output, float(result["score"][0]), int(result["length"][0])

    def describe(self) -> dict[str, Any]:
        hidden = ("source_tokenizer", "target_tokenizer")
        known = {k: v for k, v in self.manifest.items() if k not in hidden}
        operators = sorted({d["op_name"] for d in self.interpreter._get_ops_details()})
        return {**known, "operators": operators}

    def size_bytes(self) -> int:
        return disk_size(self.path) + disk_size(manifest_path(self.path))
