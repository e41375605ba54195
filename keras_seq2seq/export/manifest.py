"""What an artefact says of itself."""

import hashlib
import json
import pathlib
from typing import Any

import keras
import tensorflow as tf

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.version import __version__

FORMAT = 1
_READ = {  # what a reader needs
    "signature": str,
    "sha256": str,
    "max_source_length": int,
    "pad_id": int,
    "eos_id": int,
    "source_tokenizer": dict,
    "target_tokenizer": dict,
}


def manifest_path(file: FilePath) -> pathlib.Path:
    """The manifest of `model.tflite` is `model.tflite.json`."""
    return pathlib.Path(f"{file}.json")


def describe_model(model: TextSeq2Seq) -> dict[str, Any]:
    """Plain facts of a `TextSeq2Seq`: limits, special ids, normalisation, versions."""
    return {
        "format": FORMAT,
        "keras_seq2seq": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "parameters": model.seq2seq.count_params(),
        **{name: getattr(model, name) for name in ("max_source_length", "max_target_length")},
        **{name: getattr(model.seq2seq, name) for name in ("pad_id", "bos_id", "eos_id")},
        "source_normalization": model.source_tokenizer.normalization.get_config(),
        "target_normalization": model.target_tokenizer.normalization.get_config(),
    }


def fingerprint(content: bytes) -> str:
    """What ties a manifest to its file: the SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(file: FilePath) -> dict[str, Any]:
    """Reads the manifest beside a `.tflite` file; raises an `ExportError` if it is no good."""
    path = manifest_path(file)
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ExportError(
            f"{path} is missing: the vocabularies stand in it. Copy it beside {file}."
        ) from None
    except ValueError as error:
        raise ExportError(f"{path} is not JSON ({error}); export the model again.") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ExportError(f"{path} is not a manifest of format {FORMAT}; export the model again.")
    for key, kind in _READ.items():
        if type(manifest.get(key)) is not kind:
            raise ExportError(
                f"{path}: {key} is {str(manifest.get(key))[:60]!r}, but {kind.__name__} is "
                "expected; export the model again."
            )
    return manifest
