"""What an artefact says of itself."""

import hashlib
import json
import os
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from keras_seq2seq.atomic_file import FilePath, to_disk
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.file_hashes import sha256_of
from keras_seq2seq.specs.seal import seal_holds, sealed
from keras_seq2seq.text.special_tokens import UNK
from keras_seq2seq.version import __version__

if TYPE_CHECKING:
    from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

BATCHING_OF_VERSION = "batching_params.pbtxt"  # a server looks there
FORMAT = 2
DEVICE_FORMAT = 3  # of `.tflite` files of ids, whose rules of text are plain data
_FORMATS = (1, 2, 3)  # format 1 had no seal, and for a SavedModel no hashes
_LARGEST = 2**28  # bytes; the largest vocabularies take some ten million
_LARGEST_TFLITE = 2**31 - 1  # bytes that a flatbuffer can have
_READ = {  # what a reader needs
    "signature": str,
    "sha256": str,
    "max_source_length": int,
    "pad_id": int,
    "eos_id": int,
    "source_tokenizer": dict,
    "target_tokenizer": dict,
}
_READ_ON_DEVICE = {
    **{name: int for name in ("max_source_length", "max_target_length", "pad_id", "eos_id")},
    **{"sha256": str, "signatures": dict, "source": dict, "target": dict, "vocabularies": list},
    **{"tables": dict, "golden": list},
}


def manifest_path(file: FilePath) -> pathlib.Path:
    """The manifest of `model.tflite` is `model.tflite.json`."""
    return pathlib.Path(f"{file}.json")


def spare_manifest_path(file: FilePath, known: str) -> pathlib.Path:
    """Where the manifest lies while a new `.tflite` file takes the place of an old one."""
    file = pathlib.Path(file)
    return file.with_name(f".{file.name}.{known[:16]}.json")


def describe_model(model: "TextSeq2Seq") -> dict[str, Any]:
    """Plain facts of a `TextSeq2Seq`: limits, special ids, normalisation, versions."""
    import keras  # whoever reads a manifest may have neither
    import tensorflow as tf

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


def describe_device_model(model: "TextSeq2Seq") -> dict[str, Any]:
    """What `describe_model` tells, as clients without this package need it."""
    facts = describe_model(model)
    for name in ("source_normalization", "target_normalization"):
        del facts[name]  # it stands with the rules of text
    sizes = {
        "source_vocabulary_size": model.seq2seq.source_vocabulary_size,
        "target_vocabulary_size": model.seq2seq.target_vocabulary_size,
    }
    return {**facts, "format": DEVICE_FORMAT, "unk_id": UNK, **sizes}


def describe_tokenized(model: "TextSeq2Seq", signature: str) -> dict[str, Any]:
    """What `describe_model` tells, and tokenizers as this package alone reads them.

    `signature` says whether the file takes `ids` or `text`.
    """
    return {
        **describe_model(model),
        "signature": signature,
        "source_tokenizer": model.source_tokenizer.vocabulary_state(),
        "target_tokenizer": model.target_tokenizer.vocabulary_state(),
    }


def describe_signatures(signatures: Mapping[str, Any]) -> dict[str, Any]:
    """What each `SignatureDef` takes and gives: dtype and shape of each name, -1 for any size."""
    import tensorflow as tf

    def tensors(infos: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: {
                "dtype": tf.as_dtype(infos[name].dtype).name,
                "shape": [axis.size for axis in infos[name].tensor_shape.dim],
            }
            for name in sorted(infos)
        }

    return {
        name: {"inputs": tensors(signature.inputs), "outputs": tensors(signature.outputs)}
        for name, signature in sorted(signatures.items())
        if not name.startswith("__")  # TensorFlow's own
    }


def fingerprint(content: bytes) -> str:
    """What ties a manifest to its file: the SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_manifest(path: FilePath, facts: dict[str, Any], indent: int | None = None) -> None:
    """Writes JSON that carries a seal: `read_sealed` notices any later change."""
    text = json.dumps(sealed(facts), ensure_ascii=False, indent=indent)
    pathlib.Path(path).write_text(text, "utf-8")


def read_sealed(path: FilePath) -> dict[str, Any]:
    """Reads what `write_manifest` wrote; raises an `ExportError` if it was changed since."""
    path = pathlib.Path(path)
    if path.stat().st_size > _LARGEST:
        raise ExportError(f"{path} is no manifest: it has more than {_LARGEST:,} bytes.")
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = str(error) or "nested too deeply"
        raise ExportError(f"{path} is not JSON ({reason}); export the model again.") from None
    if not isinstance(manifest, dict) or manifest.get("format") not in _FORMATS:
        formats = " or ".join(map(str, _FORMATS))
        raise ExportError(f"{path} is not a manifest of format {formats}; export the model again.")
    if not seal_holds(manifest, required=manifest["format"] != 1):
        raise ExportError(
            f"{path} was changed since it was written: its seal does not fit. Copy it again, or "
            "export the model again."
        )
    return manifest


def read_manifest(path: FilePath) -> dict[str, Any]:
    """Reads the manifest of a `.tflite` file; raises an `ExportError` if it is no good."""
    manifest = read_sealed(path)
    needed = _READ_ON_DEVICE if manifest["format"] == DEVICE_FORMAT else _READ
    for key, kind in needed.items():
        if type(manifest.get(key)) is not kind:
            raise ExportError(
                f"{path}: {key} is {str(manifest.get(key))[:60]!r}, but {kind.__name__} is "
                "expected; export the model again."
            )
    return manifest


def read_pair(file: FilePath) -> tuple[dict[str, Any], bytes]:
    """A `.tflite` file and the manifest that was written with it.

    A file and its manifest cannot be renamed at once. In between, and for ever if a writer was
    killed there, the manifest has another name.

    Raises:
        ExportError: there is no such manifest, or it is no good.
    """
    file, path = pathlib.Path(file), manifest_path(file)
    if file.stat().st_size > _LARGEST_TFLITE:
        raise ExportError(f"{file} is no .tflite file: there is none of 2 GiB or more.")
    for _ in range(2):  # a writer may have come in between
        content = file.read_bytes()
        known = fingerprint(content)
        for found in (path, spare_manifest_path(file, known)):
            if found.is_file() and (manifest := read_manifest(found))["sha256"] == known:
                return manifest, content
    if not path.is_file():
        raise ExportError(
            f"{path} is missing: the vocabularies stand in it. Copy it beside {file}."
        )
    raise ExportError(
        f"{file} is not the file that {path} was written with, or was cut off. Copy both again, "
        "or export the model again."
    )


def rename_pair(temporary: pathlib.Path, file: pathlib.Path, known: str) -> None:
    """Gives a `.tflite` file and its manifest their names; `read_pair` finds a pair at any time."""
    spare = spare_manifest_path(file, known)
    try:
        os.replace(manifest_path(temporary), spare)
        os.replace(temporary, file)
    except OSError:
        spare.unlink(missing_ok=True)
        raise
    to_disk(file.parent)
    os.replace(spare, manifest_path(file))
    spares = re.compile(re.escape(f".{file.name}.") + r"[0-9a-f]{16}\.json")
    for other in filter(spares.fullmatch, os.listdir(file.parent)):
        (file.parent / other).unlink(missing_ok=True)
    to_disk(file.parent)


def file_hashes(directory: pathlib.Path) -> dict[str, str]:
    """The SHA-256 of every file below a directory, but for what a server is told beside it."""
    return {name: sha256_of(path) for name, path in _files(directory)}


def check_hashes(directory: pathlib.Path, hashes: dict[str, str]) -> None:
    """Raises an `ExportError` unless a directory has just the files that `file_hashes` saw."""
    found = dict(_files(directory))
    for name in sorted(found.keys() | hashes.keys()):
        if name not in found:
            raise ExportError(f"{directory} is not whole: {name} is missing. Copy it again.")
        if name not in hashes:
            raise ExportError(
                f"{found[name]} was not exported, and a server might read it: remove it."
            )
        if hashes[name] != sha256_of(found[name]):
            raise ExportError(
                f"{found[name]} is not the file that was exported, or was damaged. Copy the whole "
                "directory again, or export the model again."
            )


def _files(directory: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        told = name == BATCHING_OF_VERSION or name.startswith("assets.extra/")
        if path.is_file() and not told:
            yield name, path
