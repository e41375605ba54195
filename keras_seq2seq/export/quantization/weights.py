"""The weights in a `.tflite` file: constants that products and lookups read."""

from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from keras_seq2seq.export.on_device.flat_model import operator_name

KINDS = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.FLOAT16: "float16",
    schema.TensorType.INT8: "int8",
    schema.TensorType.INT4: "int4",
}
FEWEST = 1024  # numbers; the converter leaves smaller weights as they are
_PRODUCT = "FULLY_CONNECTED"
_PLACES = {_PRODUCT: 1, "EMBEDDING_LOOKUP": 1}  # of the weights among the inputs


class Weight(NamedTuple):
    """One constant as one operator reads it; `of_logits`: there is a logit for each of its rows.

    Embeddings that are tied to the generator are `of_logits`, too.
    """

    operator: str
    shape: tuple[int, ...]
    kind: int
    buffer: int
    of_logits: bool

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape))


def weights_of(model: Any, vocabulary_size: int) -> list[Weight]:
    """All weights of a `ModelT`, operator by operator; those of float16 as they are stored."""
    logits = buffers_of_logits(model, vocabulary_size)
    return [
        Weight(name, tuple(tensor.shape), tensor.type, tensor.buffer, tensor.buffer in logits)
        for graph in model.subgraphs
        for _, name, tensor in weights_in(model, graph)
    ]


def buffers_of_logits(model: Any, vocabulary_size: int) -> set[int]:
    """The buffers of weights that products with V results read."""
    return {
        tensor.buffer
        for graph in model.subgraphs
        for _, name, tensor in weights_in(model, graph)
        if name == _PRODUCT and tensor.shape[0] == vocabulary_size
    }


def weights_in(model: Any, graph: Any) -> list[tuple[Any, str, Any]]:
    """(operator, its name, tensor of its weights) in one subgraph."""
    names = {i: operator_name(code) for i, code in enumerate(model.operatorCodes)}
    wider = {  # what makes float32 of stored float16
        int(operator.outputs[0]): int(operator.inputs[0])
        for operator in graph.operators
        if names[operator.opcodeIndex] == "DEQUANTIZE"
    }
    found = []
    for operator in graph.operators:
        name = names[operator.opcodeIndex]
        if name in _PLACES:
            place = int(operator.inputs[_PLACES[name]])
            tensor = graph.tensors[wider.get(place, place)]
            data = model.buffers[tensor.buffer].data
            if data is not None and len(data):
                found.append((operator, name, tensor))
    return found
