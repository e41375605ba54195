"""What a SavedModel would run, read without running it."""

import functools
import importlib
import math
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import sentencepiece
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from keras_seq2seq.export.export_error import ExportError

_LARGEST = 2**31 - 1  # bytes that protobuf reads
_LARGEST_CONSTANT = 2**26  # elements; a table of a vocabulary has some hundred thousand

# TensorFlow's modules of operators that do nothing but compute.
_PURE = (
    *("array_ops", "bitwise_ops", "control_flow_ops", "image_ops", "linalg_ops", "list_ops"),
    *("manip_ops", "math_ops", "nn_ops", "parsing_ops", "ragged_array_ops"),
    *("ragged_conversion_ops", "ragged_math_ops", "random_ops", "resource_variable_ops"),
    *("rnn_ops", "set_ops", "sparse_ops", "special_math_ops", "stateless_random_ops"),
    *("stateless_random_ops_v2", "string_ops"),
)
_BUT = {"Abort", "ImmutableConst", "MutexLock"}  # ends the process, reads a file, waits
_CALLS = {
    *("Case", "If", "PartitionedCall", "StatefulPartitionedCall", "StatelessCase"),
    *("StatelessIf", "StatelessWhile", "While"),
}
_TABLES = {  # without the ones that are read from files
    *("HashTableV2", "InitializeTableV2", "LookupTableExportV2", "LookupTableFindV2"),
    *("LookupTableImportV2", "LookupTableInsertV2", "LookupTableSizeV2", "MutableHashTableV2"),
}
OF_TEXT = {
    *("CaseFoldUTF8", "NormalizeUTF8", "NormalizeUTF8WithOffsetsMap", "RegexSplitWithOffsets"),
    *("SentencepieceDetokenizeOp", "SentencepieceIdToStringOp", "SentencepieceOp"),
    *("SentencepieceStringToIdOp", "SentencepieceTokenizeOp", "SentencepieceVocabSizeOp"),
    *("SentencepieceTokenizeWithOffsetsOp", "WhitespaceTokenizeWithOffsetsV2"),
}
_OTHERS = {
    *("Assert", "ShardedFilename", "TensorArrayCloseV3", "TensorArrayGatherV3"),
    *("TensorArrayReadV3", "TensorArrayScatterV3", "TensorArraySizeV3", "TensorArrayV3"),
    "TensorArrayWriteV3",
}
# These touch files: they may stand where weights are saved and restored, and nowhere else.
_RESTORES = {"RestoreV2"}
_SAVES = {"MergeV2Checkpoints", "SaveV2"}


def read_graph(directory: pathlib.Path) -> Any:
    """Reads the `MetaGraphDef` that a server runs, if it holds harmless operators alone.

    They compute; they read and write no files, call no Python and end no process. How long they
    take and how much memory, nobody can tell beforehand.

    Raises:
        ExportError: there is no such graph, or another operator is in it.
    """
    file = directory / "saved_model.pb"
    if file.stat().st_size > _LARGEST:
        raise ExportError(f"{file} is no SavedModel: there is none of 2 GiB or more.")
    try:
        saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except DecodeError:
        raise ExportError(f"{directory} is not a whole SavedModel: {file} is broken.") from None
    graphs = [graph for graph in saved.meta_graphs if set(graph.meta_info_def.tags) == {"serve"}]
    if not graphs:
        raise ExportError(f"{directory} is not a whole SavedModel: nothing in it is to be served.")
    _check(directory, graphs[0])  # of several the first is taken
    return graphs[0]


def all_nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a `GraphDef` and of its functions."""
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _check(directory: pathlib.Path, meta: Any) -> None:
    graph = meta.graph_def
    functions = {function.signature.name for function in graph.library.function}
    allowed = _harmless() | _SAVES | _RESTORES | functions
    _refuse(directory, {node.op for node in all_nodes(graph)} - allowed)
    served = [info.name for s in meta.signature_def.values() for info in s.outputs.values()]
    for name, collection in meta.collection_def.items():
        if name != "saved_model_train_op":
            served += collection.node_list.value
    _refuse(directory, _reached(graph, served) & (_SAVES | _RESTORES))
    _refuse(directory, _reached(graph, [meta.saver_def.restore_op_name]) & _SAVES)
    for node in all_nodes(graph):
        _check_constants(directory, node)


def _refuse(directory: pathlib.Path, operators: Iterable[str]) -> None:
    if names := ", ".join(sorted(operators)):
        raise ExportError(
            f"{directory} is not run: its graph holds {names}, which may touch files or the "
            "process. If you trust whoever made it, load it by tf.saved_model.load."
        )


@functools.cache
def _harmless() -> frozenset[str]:
    names = _CALLS | _TABLES | OF_TEXT | _OTHERS
    for module in _PURE:
        found = vars(importlib.import_module(f"tensorflow.python.ops.gen_{module}"))
        names = names | {name for name in found if name[0].isupper()}
    return frozenset(names - _BUT)


def _reached(graph: Any, tensors: Iterable[str]) -> set[str]:
    """The operators that run when tensors, or operators, of these names are asked for."""
    nodes = {node.name: node for node in graph.node}
    functions = {function.signature.name: function for function in graph.library.function}
    waiting = [nodes[name] for name in map(_node_name, tensors) if name in nodes]
    seen: set[str] = {node.name for node in waiting}
    called: set[str] = set()
    operators: set[str] = set()
    while waiting:
        node = waiting.pop()
        operators.add(node.op)
        inside = nodes.get(node.name) is not node  # of a function, whose names are its own
        for name in () if inside else map(_node_name, node.input):
            if name in nodes and name not in seen:
                seen.add(name)
                waiting.append(nodes[name])
        for name in {node.op, *_functions_of(node)} & functions.keys() - called:
            called.add(name)
            waiting += functions[name].node_def
    return operators


def _node_name(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]


def _functions_of(node: Any) -> Iterator[str]:
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (function.name for function in value.list.func)


def _check_constants(directory: pathlib.Path, node: Any) -> None:
    """One value may stand for any number; a SentencePiece model is read by an old library."""
    if node.op == "Const":
        shape = [dimension.size for dimension in node.attr["value"].tensor.tensor_shape.dim]
        if math.prod(shape) > _LARGEST_CONSTANT:
            raise ExportError(f"{directory} is not run: it holds a constant of the shape {shape}.")
    if node.op == "SentencepieceOp":
        model = node.attr["model"].s
        try:
            if node.attr["filename"].s or not model:
                raise RuntimeError
            sentencepiece.SentencePieceProcessor().LoadFromSerializedProto(model)
        except RuntimeError:
            raise ExportError(
                f"{directory} is not run: a vocabulary in it is no SentencePiece model."
            ) from None
