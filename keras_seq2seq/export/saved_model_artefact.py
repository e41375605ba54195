"""A SavedModel directory, run as TensorFlow Serving runs it."""

import copy
import dataclasses
import inspect
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text as _registers_its_operators  # noqa: F401

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.decoding.option_checks import check_limit
from keras_seq2seq.decoding.scoring import check_finite
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions
from keras_seq2seq.export.artefact import Artefact, Generated, Progress
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.guards.saved_graph import read_graph
from keras_seq2seq.export.manifest import check_hashes, read_sealed
from keras_seq2seq.export.version_names import is_version_name
from keras_seq2seq.models.processes import mark_started, refuse_forked
from keras_seq2seq.text.characters import replace_surrogates

# Deprecated for who has eager code; without the wrapper that says so each time.
_load_graph = inspect.unwrap(tf.compat.v1.saved_model.loader.load)
UNCHECKED = "its files are not checked: it has no manifest"
MANIFEST = pathlib.Path("assets.extra", "keras_seq2seq.json")


def find_version(path: FilePath) -> pathlib.Path:
    """The directory with saved_model.pb: `path` itself, or its child of the largest number."""
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    numbered = [p for p in path.iterdir() if is_version_name(p.name)]
    versions = [p for p in numbered if (p / "saved_model.pb").is_file()]
    if not versions:
        raise ExportError(f"{path} holds no SavedModel: no saved_model.pb in it nor in {path}/1.")
    return max(versions, key=lambda p: int(p.name))


class SavedModelArtefact(Artefact):
    """A SavedModel, loaded into a `Session` as the C++ server does.

    `tf.saved_model.load` would be no test for serving: it accepts graphs the server cannot run.

    Args:
        path: A version directory, or its parent, whose largest version is taken.
        to_run: If false, nothing of it is run, and nothing but `describe` can be asked.

    Raises:
        ExportError: There is no whole SavedModel, it was changed, its graph does more than
            compute, or it has no text signature.
    """

    kind = "saved_model"

    def __init__(self, path: FilePath, to_run: bool = True):
        directory = find_version(path)
        self.path = str(directory)
        manifest = directory / MANIFEST
        self.manifest = read_sealed(manifest) if manifest.is_file() else {}
        if "files" in self.manifest:  # those of format 1 have no hashes
            check_hashes(directory, dict(self.manifest["files"]))
        signatures = read_graph(directory).signature_def
        self.signature_defs = copy.deepcopy(dict(signatures))  # which do not hold the graph
        if set(getattr(signatures.get("serving_default"), "inputs", ())) != {"text"}:
            raise ExportError(f"{directory} has no signature serving_default with input `text`.")
        self.signatures = {
            name: (_tensors(signature.inputs), _tensors(signature.outputs))
            for name, signature in signatures.items()
            if not name.startswith("__")  # TensorFlow's own
        }
        if to_run:
            self._load()

    def _load(self) -> None:
        mark_started()
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        try:
            with self.session.graph.as_default():
                _load_graph(self.session, ["serve"], self.path)
        except (ValueError, KeyError, OSError, RuntimeError, tf.errors.OpError) as error:
            reason = first_line(error)
            raise ExportError(f"{self.path} is not a whole SavedModel: {reason}") from error

    def run(
        self, signature: str, outputs: Iterable[str] | None = None, **inputs: Any
    ) -> dict[str, np.ndarray]:
        """Runs a signature on arrays with batch axis B, for all outputs or for those named."""
        refuse_forked()
        names, known = self.signatures[signature]
        wanted = known if outputs is None else {name: known[name] for name in outputs}
        return self.session.run(wanted, {names[name]: rows for name, rows in inputs.items()})

    def _generate(
        self, texts: list[str], batch_size: int, progress: Progress, **options: Any
    ) -> Generated:
        signature, arrays = self._signature(options, len(texts))
        arrays["text"] = _as_bytes(texts)
        wanted = ("text", "score", "length")
        found = self._run_all(signature, arrays, batch_size, progress, wanted)
        outputs = [text.decode() for text in found["text"]]
        return Generated(outputs, found["score"], found["length"])

    def _run_all(
        self,
        signature: str,
        arrays: dict[str, np.ndarray],
        batch_size: int,
        progress: Progress,
        outputs: Sequence[str],
    ) -> dict[str, list[Any]]:
        """Runs a signature batch by batch; of several results of a text the best counts."""
        found: dict[str, list[Any]] = {name: [] for name in outputs}
        count = len(next(iter(arrays.values())))
        for start in range(0, count, batch_size):
            rows = slice(start, start + batch_size)
            inputs = {name: array[rows] for name, array in arrays.items()}
            result = self.run(signature, outputs, **inputs)
            for name, values in result.items():
                found[name] += (values if values.ndim == 1 else values[:, 0]).tolist()
            if progress:
                progress(min(rows.stop, count))
        check_finite(found["score"])
        return found

    def _signature(self, options: Mapping[str, Any], count: int) -> tuple[str, dict[str, Any]]:
        """The signature that offers such a search, and the data it takes: arrays [count]."""
        asked = {key: value for key, value in options.items() if value is not None}
        if asked.pop("shortlist", False) and not self.manifest.get("shortlist"):
            raise ExportError(
                f"{self.path} was exported without a shortlist: export it anew with --shortlist."
            )
        wanted = SearchOptions.named(asked)
        if "max_target_length" in self.manifest:
            check_limit(wanted, self.manifest["max_target_length"])
        if not wanted.data() and wanted.shape_of_graph() == SearchOptions():
            return "serving_default", {}
        name = "sample" if wanted.sampling else "beam"
        if name == "beam" and "beam_options" in self.signatures:
            name = "beam_options"
        if name not in self.signatures:
            raise ExportError(f"{self.path} has no signature `{name}`: export it with one.")
        inputs = [key for key in self.signatures[name][0] if key != "text"]
        known = self.manifest
        beam = known.get("beam") or {}
        fixed = {key: beam.get(key, 1) for key in ("beam_size", "num_return") if name != "sample"}
        built_in = SearchOptions(**fixed, sampling=wanted.sampling)
        for key, value in {"beam_size": 1, **asked}.items():
            if key not in inputs and not np.array_equal(getattr(built_in, key), value):
                has = ", ".join([*(f"{k}={v}" for k, v in fixed.items()), *inputs])
                what = f"has no option {key}={value!r}"
                if key not in asked:
                    what = f"does not search greedily, as {', '.join(asked)} without beams asks"
                raise ExportError(
                    f"{self.path}: `{name}` {what}; what it has is {has}. Ask for that, "
                    "export it anew by `export.saved_model` in Python, or use the .keras file."
                )
        data = {key: OPTIONS[key].neutral for key in inputs}
        if "max_length" in data and "max_target_length" in known:
            data["max_length"] = known["max_target_length"]
        arrays = dataclasses.replace(built_in, **{**data, **wanted.data()}).arrays(count)
        return name, {key: arrays[key] for key in inputs}

    def _score(
        self, sources: list[str], targets: list[str], batch_size: int, progress: Progress
    ) -> list[float]:
        if "score" not in self.signatures:
            raise ExportError(f"{self.path} has no signature `score`: export the model again.")
        arrays = {"source": _as_bytes(sources), "target": _as_bytes(targets)}
        known = self.signatures["score"][1]
        outputs = [name for name in ("score", "finished") if name in known]  # format 1 cut none
        found = self._run_all("score", arrays, batch_size, progress, outputs)
        for place, whole in enumerate(found.get("finished", ()), start=1):
            if not whole:
                most = self.manifest.get("max_target_length", "the limit of")
                raise ExportError(
                    f"{self.path}: target {place} has more than {most} tokens, EOS included, and "
                    f"no SavedModel scores more: {targets[place - 1][:60]!r}... Use the .keras "
                    "file, or set model.max_target_length before the export."
                )
        return found["score"]

    def describe(self) -> dict[str, Any]:
        signatures = {
            name: f"{', '.join(inputs)} -> {', '.join(sorted(outputs))}"
            for name, (inputs, outputs) in self.signatures.items()
        }
        known = {k: v for k, v in self.manifest.items() if k not in ("files", "signatures")}
        return {"signatures": signatures, **known}


def _tensors(infos: Mapping[str, Any]) -> dict[str, str]:
    return {name: info.name for name, info in infos.items()}


def _as_bytes(texts: list[str]) -> np.ndarray:
    return np.array([replace_surrogates(text).encode() for text in texts], object)
