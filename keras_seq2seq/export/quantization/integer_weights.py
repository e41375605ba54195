"""Weights of four and eight bits, by litert-quantizer."""

import contextlib
import io
from typing import Any

import numpy as np

from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.on_device.flat_model import (
    operator_name,
    read_flat,
    slim,
    write_flat,
)
from keras_seq2seq.export.quantization.weights import buffers_of_logits, weights_in

_LOGITS, _ROUNDED = "of_logits", "was_rounded"  # in the names of what operators give
_RUNTIME = "min_runtime_version"
# By the table of TensorFlow's converter: a scale for each row came with these versions of
# operators, and with that runtime.
_VERSIONS = {"FULLY_CONNECTED": 12, "EMBEDDING_LOOKUP": 4}
_NEEDED = "2.18.0"


def with_integer_weights(content: bytes, name: str, vocabulary_size: int) -> bytes:
    """A float32 file with all weights as int4; or `mixed`: those of the generator as int8.

    Embeddings that the generator is tied to are the same weights. Scales are those with the least
    error (OCTAV, Sakr et al., 2022), not those of the largest number in a row; but for weights
    that were learnt with the latter.

    Raises:
        ExportError: litert-quantizer is not there, or cannot do it.
    """
    try:
        from litert_quantizer import (  # pyright: ignore[reportMissingImports]
            qtyping,
            quantizer,
            recipe,
        )
    except ImportError as error:
        raise ExportError(
            f"quantize={name!r} needs litert-quantizer: pip install 'keras-seq2seq[device]'. "
            "float16 and int8 do without."
        ) from error
    algorithms, kinds = recipe.AlgorithmName, qtyping.TFLOperationName
    steps = recipe.dynamic_wi4c_afp32(algorithm_key=algorithms.OCTAV)
    for kind in (kinds.FULLY_CONNECTED, kinds.EMBEDDING_LOOKUP):
        steps += recipe.dynamic_wi4c_afp32(regex=_ROUNDED, operation_name=kind)
        if name == "mixed":
            steps += recipe.dynamic_wi8c_afp32(regex=_LOGITS, operation_name=kind)
    try:
        named = _with_names(content, vocabulary_size)
        with contextlib.redirect_stderr(io.StringIO()):  # it draws a bar
            made = quantizer.Quantizer(named, steps).quantize(enable_progress_report=False)
        found = made.quantized_model
    except Exception as error:  # it raises whatever comes
        raise ExportError(f"litert-quantizer fails on {name}: {first_line(error)}") from error
    if found is None:
        raise ExportError(f"litert-quantizer made nothing of {name}.")
    model = read_flat(slim(bytes(found)))
    _tell_needs(model)
    return write_flat(model)


def _with_names(content: bytes, vocabulary_size: int) -> bytes:
    """Names by which the quantizer tells tensors: one for each, and what is of logits."""
    model = read_flat(content)
    logits = buffers_of_logits(model, vocabulary_size)
    for number, graph in enumerate(model.subgraphs):
        for place, tensor in enumerate(graph.tensors):
            tensor.name = f"{number}_{place}".encode()
        for operator, _, weights in weights_in(model, graph):
            output = graph.tensors[int(operator.outputs[0])]
            if weights.buffer in logits:
                output.name += _LOGITS.encode()
            data = model.buffers[weights.buffer].data
            if _was_rounded(data.view(np.float32).reshape(weights.shape)):
                output.name += _ROUNDED.encode()
    return write_flat(model)


def _was_rounded(rows: np.ndarray) -> bool:
    """Whether weights have the values that int4 can have, as learning with them leaves them."""
    steps = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True) / 7, 1e-30)
    return bool(np.abs(steps - np.rint(steps)).max() < 1e-3)


def _tell_needs(model: Any) -> None:
    """Writes the versions that the quantizer leaves as they were."""
    for code in model.operatorCodes:
        code.version = max(code.version, _VERSIONS.get(operator_name(code), 1))
    for entry in model.metadata or ():
        if entry.name in (_RUNTIME, _RUNTIME.encode()):
            buffer = model.buffers[entry.buffer]
            before = bytes(buffer.data).rstrip(b"\0").decode()
            newest = max(before, _NEEDED, key=lambda text: [int(n) for n in text.split(".")])
            buffer.data = np.frombuffer(newest.encode().ljust(16, b"\0"), np.uint8)
