"""Warm-up files: what stands in them, written and read."""

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2

from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.warmup.prediction_log import PredictionLog

WARMUP = pathlib.Path("assets.extra", "tf_serving_warmup_requests")  # a server looks there

# The output_filters that are documented. A session prepares itself for every set of outputs anew,
# which takes as long as the very first request: another filter is slow once.
FILTERS: dict[str, Sequence[tuple[str, ...]]] = {
    **dict.fromkeys(("serving_default", "beam", "beam_options", "sample"), [("text",)]),
    "details": [("text", "tokens", "attention")],
}


class Record(NamedTuple):
    """One request: a signature, its inputs, and the outputs that are asked for, () for all."""

    signature: str
    outputs: tuple[str, ...]
    inputs: dict[str, np.ndarray]


def warmup_records(signatures: Mapping[str, Any], known: Mapping[Any, Any]) -> list[Record]:
    """One record for each signature, and for each of its `FILTERS`.

    Args:
        signatures: What each takes and gives, as the manifest says.
        known: Values for inputs by name, or by signature and name: arrays as they are, others get
            the batch axis B = 1. Options have their neutral value, what is left is zeros or "".
    """
    found = []
    for name, about in sorted(signatures.items()):
        filters = [f for f in FILTERS.get(name, ()) if set(f) < set(about["outputs"])]
        inputs = {
            key: _value(key, tensor, known.get((name, key), known.get(key)))
            for key, tensor in about["inputs"].items()
        }
        found += [Record(name, outputs, inputs) for outputs in ((), *filters)]
    return found


def write_records(path: pathlib.Path, records: Iterable[Record]) -> None:
    """Writes an uncompressed TFRecord file of `PredictionLog` messages."""
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as file:
        for record in records:
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = record.signature
            for key, value in sorted(record.inputs.items()):
                tensor = tf.make_tensor_proto(value).SerializeToString(deterministic=True)
                request.inputs.add(key=key, value=tensor)
            request.output_filter.extend(record.outputs)
            file.write(log.SerializeToString(deterministic=True))


def read_records(path: pathlib.Path) -> list[Record]:
    """Reads what `write_records` wrote.

    Raises:
        ExportError: There is no such file, or a server could not read it.
    """
    found = []
    try:
        for content in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            request = PredictionLog.FromString(content).predict_log.request
            inputs = {one.key: _array(one.value) for one in request.inputs}
            name = request.model_spec.signature_name
            found.append(Record(name, tuple(request.output_filter), inputs))
    except (tf.errors.OpError, DecodeError, TypeError, ValueError) as error:
        raise ExportError(
            f"{path} is no warm-up file, or was damaged: {first_line(error)}. A server refuses a "
            "model with it: copy it again, or export the model again."
        ) from error
    return found


def _array(content: bytes) -> np.ndarray:
    return tf.make_ndarray(tensor_pb2.TensorProto.FromString(content))


def _value(name: str, about: Mapping[str, Any], known: Any) -> np.ndarray:
    """Values of an input of one row; `about` is its dtype and its shape."""
    kind = tf.as_dtype(about["dtype"]).as_numpy_dtype
    if isinstance(known, np.ndarray):
        return known.astype(kind)
    if known is not None:
        return np.array([known], kind)
    shape = [max(size, 1) for size in about["shape"]]
    neutral = OPTIONS[name].neutral if name in OPTIONS else None
    return np.full(shape, b"" if kind is object else neutral or 0, kind)
