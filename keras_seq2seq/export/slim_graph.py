"""Takes out of a SavedModel what old servers lack and what stands in it several times."""

import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.saved_model import fingerprinting_utils

from keras_seq2seq.atomic_file import replacing

_COPY_ON_READ = "DisableCopyOnRead"
_VOCABULARY = "SentencepieceOp"
_CALL = "StatefulPartitionedCall"


def slim_graph(directory: pathlib.Path) -> None:
    """Rewrites `saved_model.pb`; it does what it did in every loader.

    Two things change. `DisableCopyOnRead`, which stands where weights are saved and is the one
    operator that servers of TensorFlow 2.6 lack, goes: it is a hint for variables that several
    devices share, and saving does without. And each SentencePiece model, which TensorFlow writes
    twice for every tokenizer over it, is stored once: in the function that makes the resource for
    `tf.saved_model.load`. The graph that servers run calls that function, as do the others. The
    resource has a name, so that whoever comes first makes it and a request only looks it up.

    Args:
        directory: A version directory; its `fingerprint.pb` is written anew as well.
    """
    file = directory / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for meta in saved.meta_graphs:
        _drop_copy_on_read(meta)
        _keep_one_of_each_vocabulary(meta.graph_def)
    with replacing(file) as temporary:
        temporary.write_bytes(saved.SerializeToString(deterministic=True))
    if (directory / "fingerprint.pb").is_file():  # TensorFlow before 2.12 writes none
        fingerprinting_utils.write_fingerprint(str(directory))


# === DisableCopyOnRead ===


def _drop_copy_on_read(meta: Any) -> None:
    _drop_nodes(meta.graph_def.node)
    for function in meta.graph_def.library.function:
        gone = _drop_nodes(function.node_def)
        for name in [key for key, node in function.control_ret.items() if node in gone]:
            del function.control_ret[name]
            function.signature.control_output.remove(name)
    _remove(meta.meta_info_def.stripped_op_list.op, lambda op: op.name == _COPY_ON_READ)


def _drop_nodes(nodes: Any) -> set[str]:
    """Removes the operators, which have no outputs, and whatever waits for them."""
    gone = {node.name for node in nodes if node.op == _COPY_ON_READ}
    if gone:
        _remove(nodes, lambda node: node.name in gone)
        for node in nodes:
            _remove(node.input, lambda name: name[0] == "^" and name[1:] in gone)
    return gone


# === SentencePiece models ===


def _keep_one_of_each_vocabulary(graph: Any) -> None:
    functions = sorted(graph.library.function, key=lambda function: function.signature.name)
    makers: dict[bytes, str] = {}  # by what is made: the function that does nothing else
    for function in functions:
        operators = sorted(node.op for node in function.node_def)
        if operators == ["Identity", "NoOp", _VOCABULARY] and not function.signature.input_arg:
            for node in _vocabularies(function.node_def):
                makers.setdefault(_what(node), function.signature.name)
    for function in functions:
        for node in _vocabularies(function.node_def):
            maker = makers.get(_what(node))
            if maker and maker != function.signature.name:
                _become_call(node, maker)
                same = {f"{node.name}:handle:0": f"{node.name}:output:0"}
                for other in function.node_def:
                    _rename(other.input, lambda name, same=same: same.get(name, name))
                for key, tensor in list(function.ret.items()):
                    function.ret[key] = same.get(tensor, tensor)
    _join(graph, makers)


def _join(graph: Any, makers: dict[bytes, str]) -> None:
    """One call in the graph for all nodes that make the same."""
    first: dict[bytes, str] = {}
    same: dict[str, str] = {}  # the name of a node that goes, and of the one that stays
    for node in _vocabularies(graph.node):
        what = _what(node)
        if what in makers:
            same[node.name] = first.setdefault(what, node.name)
            _become_call(node, makers[what])
    _remove(graph.node, lambda node: same.get(node.name, node.name) != node.name)
    for node in graph.node:
        _rename(node.input, lambda tensor: _of_the_one(tensor, same))


def _vocabularies(nodes: Iterable[Any]) -> Iterator[Any]:
    """Nodes whose resource has a name; one without belongs to its node alone."""
    for node in nodes:
        if node.op == _VOCABULARY and "shared_name" in node.attr and not node.input:
            yield node


def _what(node: Any) -> bytes:
    """What a node makes, apart from what only describes it."""
    copy = type(node)(op=node.op, device=node.device)
    for key, value in node.attr.items():
        if key != "_output_shapes":
            copy.attr[key].CopyFrom(value)
    return copy.SerializeToString(deterministic=True)


def _become_call(node: Any, function: str) -> None:
    """Makes a node without inputs and with a handle as output the call of a function."""
    node.op = _CALL
    for key in [key for key in node.attr if key != "_output_shapes"]:
        del node.attr[key]
    node.attr["Tin"].list.SetInParent()
    node.attr["Tout"].list.type.append(types_pb2.DT_RESOURCE)
    node.attr["f"].func.name = function


def _of_the_one(tensor: str, names: dict[str, str]) -> str:
    mark = "^" if tensor.startswith("^") else ""
    name, colon, index = tensor.removeprefix("^").partition(":")
    return f"{mark}{names.get(name, name)}{colon}{index}"


def _rename(names: Any, new: Callable[[str], str]) -> None:
    for i, name in enumerate(names):
        names[i] = new(name)


def _remove(field: Any, unwanted: Callable[[Any], bool]) -> None:
    """Removes members of a repeated field, of which protobuf cannot have another list."""
    for i in reversed(range(len(field))):
        if unwanted(field[i]):
            del field[i]
