"""Writes SavedModels for TensorFlow Serving."""

import json
import os
import pathlib
import shutil
import tempfile

import keras
from tensorflow.core.protobuf import saved_model_pb2

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import describe_model
from keras_seq2seq.export.saved_model_artefact import MANIFEST, SavedModelArtefact
from keras_seq2seq.export.signatures import text_signature
from keras_seq2seq.export.verification import compare, sample_texts


def saved_model(model, directory, sample=None):
    """Writes `directory/<next integer>/`, reloads it as a server does, and compares.

    The signature `serving_default` takes `text`, string [B], and gives `text`, string [B],
    `score`, float32 [B] (natural log-probability), and `length`, int32 [B] (tokens before EOS).
    The graph is that of a float32 twin without cuDNN, so that it runs on any CPU wherever it was
    trained. Until it is complete and compared, it has a name that servers overlook.

    Args:
        model: a `TextSeq2Seq`.
        directory: the model's base path on the server; made if missing.
        sample: list of source strings to compare model and artefact on, or `None` for random
            ones of the vocabulary.

    Returns:
        `pathlib.Path` of the version that was written.

    Raises:
        ExportError: if the artefact gives other tokens than the model, or holds operators that a
            CPU server lacks. Nothing is left behind then.

    Example:

    ```python
    version = keras_seq2seq.export.saved_model(model, "served/ko_en")  # served/ko_en/1
    ```
    """
    base = pathlib.Path(directory)
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file; a SavedModel needs a directory.")
    base.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=".writing-", dir=base))
    try:
        twin = model.copy(use_cudnn=False, dtype="float32")
        _write(twin, temporary)
        _check_operators(temporary)
        sample = sample_texts(twin) if sample is None else list(sample)
        expected = KerasArtefact(model=twin).generate(sample)
        compare(expected, SavedModelArtefact(temporary).generate(sample), sample, "the SavedModel")
        temporary.chmod(0o755)
        return _rename_to_next_version(temporary, base)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write(twin, directory):
    serve, signature = text_signature(twin)
    # The weights follow from the endpoint; tracking the twin would store them twice.
    archive = keras.export.ExportArchive()
    archive.track(twin.source_tokenizer)
    archive.track(twin.target_tokenizer)
    archive.add_endpoint("serving_default", serve, input_signature=signature)
    archive.write_out(str(directory), verbose=False)
    manifest = directory / MANIFEST
    manifest.parent.mkdir(exist_ok=True)
    manifest.write_text(json.dumps(describe_model(twin), ensure_ascii=False, indent=1), "utf-8")


def _check_operators(directory):
    """Refuses what a stock CPU server cannot run: cuDNN kernels, XLA functions, Python calls."""
    content = (directory / "saved_model.pb").read_bytes()
    saved = saved_model_pb2.SavedModel.FromString(content)
    graph = saved.meta_graphs[0].graph_def
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    bad = {n.op for n in nodes if n.op.startswith("Cudnn") or n.op.endswith("PyFunc")}
    compiled = [f for f in graph.library.function if f.attr["_XlaMustCompile"].b]
    if compiled:
        bad.add("functions that demand XLA")
    if bad:
        raise ExportError(
            f"The graph holds what a CPU server cannot run: {', '.join(sorted(bad))}."
        )


def _rename_to_next_version(temporary, base):
    while True:
        taken = [int(p.name) for p in base.iterdir() if p.name.isdigit()]
        version = base / str(max(taken, default=0) + 1)
        try:
            os.rename(temporary, version)
            return version
        except OSError:
            if not version.exists():  # else another writer took the number: try the next
                raise
