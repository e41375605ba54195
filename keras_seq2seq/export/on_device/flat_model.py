"""`.tflite` files as what they are: tables of operators and tensors in all their subgraphs."""

from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"
_OPERATORS = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")
}


def read_flat(content: bytes) -> Any:
    """The `ModelT` of a file."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def write_flat(model: Any) -> bytes:
    """The file of a `ModelT`."""
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def operators(content: bytes) -> list[str]:
    """The names of all operators of all subgraphs; custom ones by their own name."""
    codes = read_flat(content).operatorCodes
    names = [code.customCode or _OPERATORS[_builtin(code)] for code in codes]
    return sorted(n.decode() if isinstance(n, bytes) else n for n in names)


def slim(content: bytes) -> bytes:
    """The same model without what nobody reads: names of tensors, and constants of no operator.

    The converter leaves such constants in the first subgraph, where tools that quantize fail on
    them. Names stay where they are those of a signature.
    """
    model = read_flat(content)
    for graph in model.subgraphs:
        kept = _tensors_in_use(graph)
        place = {old: new for new, old in enumerate(kept)} | {-1: -1}
        graph.tensors = [graph.tensors[i] for i in kept]
        for holder in (graph, *graph.operators):
            for name in ("inputs", "outputs", "intermediates"):
                if (places := getattr(holder, name, None)) is not None:
                    setattr(holder, name, [place[int(i)] for i in places])
        index = model.subgraphs.index(graph)
        for signature in model.signatureDefs or ():
            if signature.subgraphIndex == index:
                for tensor in (*(signature.inputs or ()), *(signature.outputs or ())):
                    tensor.tensorIndex = place[tensor.tensorIndex]
        for tensor in graph.tensors:
            tensor.name = b""
    return write_flat(model)


def _tensors_in_use(graph: Any) -> list[int]:
    used = {int(i) for i in (*graph.inputs, *graph.outputs)}
    for operator in graph.operators:
        used.update(int(i) for i in (*operator.inputs, *operator.outputs))
        used.update(int(i) for i in operator.intermediates or ())
    return sorted(used - {-1})


def _builtin(code: Any) -> int:
    # Files that older programs read have numbers of up to 127 in the first of the two.
    return max(code.builtinCode, code.deprecatedBuiltinCode)
