"""A SavedModel directory, run as TensorFlow Serving runs it."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text as _registers_its_operators  # noqa: F401

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions
from keras_seq2seq.export.artefact import Artefact, Generated
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.text.normalization import replace_surrogates

MANIFEST = pathlib.Path("assets.extra", "keras_seq2seq.json")


def find_version(path: FilePath) -> pathlib.Path:
    """The directory with saved_model.pb: `path` itself, or its child of the largest number."""
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    versions = [p for p in path.iterdir() if p.name.isdigit() and (p / "saved_model.pb").is_file()]
    if not versions:
        raise ExportError(f"{path} holds no SavedModel: no saved_model.pb in it nor in {path}/1.")
    return max(versions, key=lambda p: int(p.name))


class SavedModelArtefact(Artefact):
    """A SavedModel, loaded into a `Session` as the C++ server does.

    `tf.saved_model.load` would be no test for serving: it accepts graphs the server cannot run.

    Args:
        path: a version directory, or its parent, whose largest version is taken.

    Raises:
        ExportError: if there is no SavedModel, a part of it is missing or broken, or it has no
            text signature.
    """

    kind = "saved_model"

    def __init__(self, path: FilePath):
        directory = find_version(path)
        self.path = str(directory)
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        try:
            with self.session.graph.as_default():
                meta = tf.compat.v1.saved_model.loader.load(self.session, ["serve"], self.path)
        except (ValueError, KeyError, OSError, RuntimeError, tf.errors.OpError) as error:
            reason = first_line(error)
            raise ExportError(f"{directory} is not a whole SavedModel: {reason}") from error
        signatures = meta.signature_def
        if set(getattr(signatures.get("serving_default"), "inputs", ())) != {"text"}:
            raise ExportError(f"{directory} has no signature serving_default with input `text`.")
        self.signatures = {
            name: (_tensors(signature.inputs), _tensors(signature.outputs))
            for name, signature in signatures.items()
            if name in ("serving_default", "beam", "sample", "score")
        }

    def run(self, signature: str, **inputs: Any) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            signature: str.
            **inputs: arrays with batch axis B.

        Returns:
            dict of arrays.
        """
        names, outputs = self.signatures[signature]
        feed = {names[name]: values for name, values in inputs.items()}
        return self.session.run(outputs, feed)

    def generate(
        self,
        texts: Sequence[str],
        batch_size: int = 32,
        progress: Callable[[int], object] | None = None,
        **options: Any,
    ) -> Generated:
        signature, arrays = self._signature(options, len(texts))
        found = {"text": [], "score": [], "length": []}
        for start in range(0, len(texts), batch_size):
            batch = texts[start : start + batch_size]
            rows = {name: values[start : start + batch_size] for name, values in arrays.items()}
            result = self.run(signature, text=_as_bytes(batch), **rows)
            for name, column in found.items():
                values = result[name]
                column.extend((values if values.ndim == 1 else values[:, 0]).tolist())
            if progress:
                progress(len(found["text"]))
        return Generated([t.decode() for t in found["text"]], found["score"], found["length"])

    def _signature(self, options, count):
        """The signature that offers such a search, and the data it takes: arrays [count]."""
        asked = {key: value for key, value in options.items() if value is not None}
        wanted = SearchOptions.named(asked)
        if not wanted.data() and wanted.shape_of_graph() == SearchOptions():
            return "serving_default", {}
        name = "sample" if wanted.sampling else "beam"
        if name not in self.signatures:
            raise ExportError(f"{self.path} has no signature `{name}`: export it with one.")
        inputs = [key for key in self.signatures[name][0] if key != "text"]
        known = self._manifest()
        beam = known.get("beam") or {}
        fixed = {key: beam.get(key, 1) for key in ("beam_size", "num_return") if name == "beam"}
        built_in = SearchOptions(**fixed, sampling=wanted.sampling)
        for key, value in {"beam_size": 1, **asked}.items():
            if key not in inputs and not np.array_equal(getattr(built_in, key), value):
                raise ExportError(
                    f"{self.path}: `{name}` has no option {key}={value!r}; what it has is "
                    f"{', '.join([*(f'{k}={v}' for k, v in fixed.items()), *inputs])}. Export the "
                    "model again with it, or use the .keras file."
                )
        data = {key: OPTIONS[key].neutral for key in inputs}
        if "max_length" in data and "max_target_length" in known:
            data["max_length"] = known["max_target_length"]
        arrays = dataclasses.replace(built_in, **{**data, **wanted.data()}).arrays(count)
        return name, {key: arrays[key] for key in inputs}

    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        batch_size: int = 32,
        progress: Callable[[int], object] | None = None,
    ) -> list[float]:
        if "score" not in self.signatures:
            raise ExportError(f"{self.path} has no signature `score`: export the model again.")
        scores = []
        for start in range(0, len(sources), batch_size):
            rows = slice(start, start + batch_size)
            result = self.run(
                "score", source=_as_bytes(sources[rows]), target=_as_bytes(targets[rows])
            )
            scores += result["score"].tolist()
            if progress:
                progress(len(scores))
        return scores

    def describe(self) -> dict[str, Any]:
        signatures = {
            name: f"{', '.join(inputs)} -> {', '.join(sorted(outputs))}"
            for name, (inputs, outputs) in self.signatures.items()
        }
        return {"signatures": signatures, **self._manifest()}

    def _manifest(self):
        manifest = pathlib.Path(self.path, MANIFEST)
        try:
            return json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
        except ValueError as error:
            raise ExportError(
                f"{manifest} is not JSON ({error}); export the model again."
            ) from None


def _tensors(infos):
    return {name: info.name for name, info in infos.items()}


def _as_bytes(texts):
    return np.array([replace_surrogates(text).encode() for text in texts], object)
