"""`.tflite` files as what they are: tables of operators and tensors in all their subgraphs."""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"
_OPERATORS = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")
}


def read_flat(content: bytes) -> Any:
    """The `ModelT` of a file; constants that stand behind its tables become a part of them."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write_flat(model: Any) -> bytes:
    """The file of a `ModelT`."""
    builder = _Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def operators(content: bytes) -> list[str]:
    """The names of all operators of all subgraphs; custom ones by their own name."""
    return sorted(operator_name(code) for code in read_flat(content).operatorCodes)


def operator_name(code: Any) -> str:
    """The name that an `OperatorCodeT` stands for."""
    if code.customCode:
        custom = code.customCode
        return custom.decode() if isinstance(custom, bytes) else custom
    # Files that older programs read have numbers of up to 127 in the first of the two.
    return _OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def slim(content: bytes) -> bytes:
    """The same model without what nobody reads: names of tensors, and constants of no operator.

    The converter leaves such constants in the first subgraph, where tools that quantize fail on
    them. Names stay where they are those of a signature.
    """
    model = read_flat(content)
    for index, graph in enumerate(model.subgraphs):
        kept = _tensors_in_use(graph)
        place = {old: new for new, old in enumerate(kept)} | {-1: -1}
        graph.tensors = [graph.tensors[i] for i in kept]
        for holder in (graph, *graph.operators):
            for name in ("inputs", "outputs", "intermediates"):
                if (places := getattr(holder, name, None)) is not None:
                    setattr(holder, name, np.array([place[int(i)] for i in places], "int32"))
        for operator in graph.operators:
            if operator.intermediates is not None and not len(operator.intermediates):
                operator.intermediates = None
            if not np.any(operator.mutatingVariableInputs):
                operator.mutatingVariableInputs = None
        for signature in model.signatureDefs or ():
            if signature.subgraphIndex == index:
                for tensor in (*(signature.inputs or ()), *(signature.outputs or ())):
                    tensor.tensorIndex = place[tensor.tensorIndex]
        for tensor in graph.tensors:
            tensor.name = None
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None  # it says nothing
            if tensor.shapeSignature is not None and -1 not in tensor.shapeSignature:
                tensor.shapeSignature = None  # it is the shape
    _drop_empty_buffers(model)
    return write_flat(model)


def _drop_empty_buffers(model: Any) -> None:
    """Lets all tensors that are no constants share the first buffer, which is empty."""
    places = {0: 0}
    holders = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    for holder in (*holders, *(model.metadata or ())):
        data = model.buffers[holder.buffer].data
        is_empty = data is None or not len(data)
        holder.buffer = 0 if is_empty else places.setdefault(holder.buffer, len(places))
    model.buffers = [model.buffers[old] for old in places]


class _Builder(flatbuffers.Builder):
    """Writes vectors that are equal once: shapes, scales, zero points; and constants as C++ does.

    Constants begin where 16 divides the place in the file; Python's builder would not care.
    """

    def __init__(self, size: int):
        super().__init__(size)
        self._known: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: np.ndarray) -> int:
        content = x.tobytes()
        known = x.dtype.str, content
        if known not in self._known:
            self._known[known] = (
                self._constant(content) if x.dtype == np.uint8 else super().CreateNumpyVector(x)
            )
        return self._known[known]

    def _constant(self, content: bytes) -> int:
        self.StartVector(1, len(content), 16)
        self.head -= len(content)
        self.Bytes[self.head : self.head + len(content)] = content
        self.vectorNumElems = len(content)
        return self.EndVector()


def _tensors_in_use(graph: Any) -> list[int]:
    used = {int(i) for i in (*graph.inputs, *graph.outputs)}
    for operator in graph.operators:
        used.update(int(i) for i in (*operator.inputs, *operator.outputs))
        used.update(int(i) for i in operator.intermediates or ())
    return sorted(used - {-1})
