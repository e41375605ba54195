"""A SavedModel directory, run as TensorFlow Serving runs it."""

import json
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_text as _registers_its_operators  # noqa: F401

from keras_seq2seq.export.artefact import Artefact, Generated
from keras_seq2seq.export.export_error import ExportError, first_line

MANIFEST = pathlib.Path("assets.extra", "keras_seq2seq.json")


def find_version(path):
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

    def __init__(self, path):
        directory = find_version(path)
        self.path = str(directory)
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        try:
            with self.session.graph.as_default():
                meta = tf.compat.v1.saved_model.loader.load(self.session, ["serve"], self.path)
        except (ValueError, KeyError, OSError, RuntimeError, tf.errors.OpError) as error:
            reason = first_line(error)
            raise ExportError(f"{directory} is not a whole SavedModel: {reason}") from error
        signature = meta.signature_def.get("serving_default")
        if signature is None or set(signature.inputs) != {"text"}:
            raise ExportError(f"{directory} has no signature serving_default with input `text`.")
        self.text = signature.inputs["text"].name
        self.outputs = {name: info.name for name, info in signature.outputs.items()}

    def generate(self, texts, batch_size=32, progress=None):
        found = {"text": [], "score": [], "length": []}
        for start in range(0, len(texts), batch_size):
            batch = np.array([t.encode() for t in texts[start : start + batch_size]], object)
            result = self.session.run(self.outputs, {self.text: batch})
            for name, rows in found.items():
                rows.extend(result[name].tolist())
            if progress:
                progress(len(found["text"]))
        return Generated([t.decode() for t in found["text"]], found["score"], found["length"])

    def describe(self):
        manifest = pathlib.Path(self.path, MANIFEST)
        try:
            known = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
        except ValueError as error:
            raise ExportError(
                f"{manifest} is not JSON ({error}); export the model again."
            ) from None
        return {"inputs": ["text"], "outputs": sorted(self.outputs), **known}
