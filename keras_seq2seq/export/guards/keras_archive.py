"""What a `.keras` file holds, looked at before Keras reads it."""

import io
import json
import math
import pathlib
import zipfile
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import h5py
import keras
import numpy as np

from keras_seq2seq.export.export_error import ExportError, first_line

_CONFIG, _WEIGHTS, _METADATA = "config.json", "model.weights.h5", "metadata.json"
_LARGEST_JSON = 2**24  # bytes; the configuration of a large model has some ten thousand
_MOST_FILES = 1000
# Keras stores its files as they are. Somebody may have packed them again: weights become a little
# smaller, vocabularies a few times; bombs a thousand times.
_EXPANSION, _EXPANSION_FREE = 20, 2**24
_SLACK = 2**20  # bytes of variables that are not saved
_KERAS_MODULES = {  # of layers and of what they hold
    *("keras", "keras.constraints", "keras.dtype_policies", "keras.initializers"),
    *("keras.layers", "keras.regularizers", "keras.src.models.functional"),
}
_OPERATIONS = "keras.src.ops."
_CODE = {  # layers that run something else, or read files
    *("FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper", "function"),
    *("IndexLookup", "IntegerLookup", "StringLookup", "TextVectorization", "HashedCrossing"),
}


def check_archive(path: str) -> None:
    """Raises an `ExportError` unless the file holds what a saved model needs, and no more.

    It must be a whole zip archive of the files that Keras writes, none of which unpacks to many
    times its size; its configuration must name classes of Keras and of this library that only
    compute, or such as were registered by modules that the user has imported; the weights must be
    plain arrays in the file itself, as many and as large as the model of that configuration has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive)
            config = _read_json(archive, _CONFIG)
            if not isinstance(config, dict):
                raise ExportError("config.json is no configuration of a model.")
            config["compile_config"] = None  # is not loaded
            own = _check_classes(config)
            with h5py.File(io.BytesIO(archive.read(_WEIGHTS)), "r") as weights:
                sizes = list(_array_sizes(weights))
            _check_sizes(config, sizes, own)
    except ExportError as error:
        raise ExportError(f"{path} is not a readable .keras model: {error}") from None


def _check_directory(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(names) > _MOST_FILES or len(set(names)) < len(names):
        raise ExportError("it holds a file twice, or more files than a model has.")
    for name in (_CONFIG, _WEIGHTS):
        if name not in names:
            raise ExportError(f"it lacks {name}.")
    for member in members:
        parts = pathlib.PurePosixPath(member.filename).parts
        if not (member.filename in (_CONFIG, _WEIGHTS, _METADATA) or parts[:1] == ("assets",)):
            raise ExportError(f"it holds {member.filename!r}, which is no part of a model.")
        if ".." in parts or "\\" in member.filename:
            raise ExportError(f"it holds {member.filename!r}, which is no name of a file in it.")
        if member.file_size > _EXPANSION * member.compress_size + _EXPANSION_FREE:
            raise ExportError(
                f"{member.filename} has {member.compress_size:,} bytes that unpack to "
                f"{member.file_size:,}. Keras does not pack so."
            )
    broken = archive.testzip()
    if broken is not None:
        raise ExportError(f"{broken} was damaged: its checksum is wrong. Get the file again.")


def _read_json(archive: zipfile.ZipFile, name: str) -> Any:
    size = archive.getinfo(name).file_size
    if size > _LARGEST_JSON:
        raise ExportError(f"{name} has {size:,} bytes; a configuration has a thousandth of it.")
    try:
        return json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{name} is not JSON: {first_line(error)}") from None


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """All dicts in plain data, however deep."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_classes(config: Any) -> bool:
    """Returns whether classes of the user's own are among those that are asked for."""
    own = False
    for saved in _dicts(config):
        if "class_name" not in saved or "config" not in saved:
            continue
        kind, module = saved["class_name"], str(saved.get("module"))
        name = saved["config"] if kind == "function" else saved.get("registered_name") or kind
        if isinstance(name, str) and keras.saving.get_registered_object(name) is not None:
            own = own or not name.startswith("keras_seq2seq>")
            continue
        computes = module in _KERAS_MODULES or module.startswith(_OPERATIONS)
        if kind in _CODE or not (computes or kind == "__keras_tensor__"):
            raise ExportError(
                f"its configuration asks for {module}.{kind}, which is neither a layer that only "
                "computes nor registered. Import the module that registers it, if it is yours."
            )
    return own


def _array_sizes(group: h5py.Group) -> Iterator[int]:
    """Bytes of every array in an HDF5 file; complains of whatever is no plain array in it."""
    seen, waiting = set(), [group]
    while waiting:
        group = waiting.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ExportError(f"{_WEIGHTS}: {name!r} is a link to another place.")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(item, h5py.Group):
                waiting.append(item)
            else:
                yield _array_size(item)


def _array_size(item: Any) -> int:
    if not isinstance(item, h5py.Dataset) or item.dtype.hasobject:
        raise ExportError(f"{_WEIGHTS}: {item.name} is no array of numbers.")
    shape = (0,) if item.shape is None else item.shape  # () of a number, as optimizers have them
    size = math.prod(shape) * item.dtype.itemsize
    plain = item.chunks is None and not item.external and not item.is_virtual
    if not plain or item.id.get_storage_size() != size:
        raise ExportError(
            f"{_WEIGHTS}: {item.name} of the shape {item.shape} is packed, or is not all in the "
            "file. Keras writes plain arrays."
        )
    return size


def _check_sizes(config: dict[str, Any], sizes: list[int], own: bool) -> None:
    """Compares the model of a configuration, before it takes any memory, with its weights."""
    for saved in _dicts(config):
        layers = saved.get("num_layers")
        if isinstance(layers, (int, float)) and layers > len(sizes):
            raise ExportError(f"it has {len(sizes)} arrays of weights for {layers:,} layers.")
    try:
        # Keras keeps a list of variables that still want values: one for each thread.
        with futures.ThreadPoolExecutor(1) as thread:
            wanted = thread.submit(_bytes_of_weights, config).result()
    except (TypeError, ValueError):
        if own:  # Keras cannot do it with variables that begin as given arrays
            return
        raise
    if wanted > sum(sizes) + _SLACK:
        raise ExportError(
            f"its configuration describes {wanted:,} bytes of weights, but there are "
            f"{sum(sizes):,}."
        )


def _bytes_of_weights(config: dict[str, Any]) -> int:
    with keras.StatelessScope(initialize_variables=False):  # which gives them shapes alone
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise ExportError(f"it holds a {type(model).__name__}, not a model.")
        return sum(math.prod(v.shape) * _item_size(v.dtype) for v in model.variables)


def _item_size(dtype: str) -> int:
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize
