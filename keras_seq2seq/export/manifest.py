"""What an artefact says of itself."""

import json
import pathlib

import keras
import tensorflow as tf

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.version import __version__

FORMAT = 1


def manifest_path(file):
    """The manifest of `model.tflite` is `model.tflite.json`."""
    return pathlib.Path(f"{file}.json")


def describe_model(model):
    """Plain facts of a `TextSeq2Seq`: limits, special ids, normalisation, versions."""
    seq2seq = model.seq2seq
    return {
        "format": FORMAT,
        "keras_seq2seq": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "parameters": seq2seq.count_params(),
        "max_source_length": model.max_source_length,
        "max_target_length": model.max_target_length,
        "pad_id": seq2seq.pad_id,
        "bos_id": seq2seq.bos_id,
        "eos_id": seq2seq.eos_id,
        "source_normalization": model.source_tokenizer.normalization.get_config(),
        "target_normalization": model.target_tokenizer.normalization.get_config(),
    }


def make_manifest(model, signature):
    """All that a caller of a `.tflite` file needs to know, vocabularies included.

    Args:
        model: the `TextSeq2Seq`.
        signature: `"ids"` or `"text"`, what the file's `serving_default` takes.
    """
    return {
        **describe_model(model),
        "signature": signature,
        "source_tokenizer": model.source_tokenizer.vocabulary_state(),
        "target_tokenizer": model.target_tokenizer.vocabulary_state(),
    }


def read_manifest(file):
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
    return manifest
