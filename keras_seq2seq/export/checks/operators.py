"""May a stock server run a graph?"""

import pathlib

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.guards.saved_graph import OF_TEXT, all_nodes, read_graph

# Of tensorflow-text's operators those that TensorFlow Serving links in and we use.
LINKED_IN = {
    *("NormalizeUTF8", "NormalizeUTF8WithOffsetsMap", "RegexSplitWithOffsets"),
    *("SentencepieceDetokenizeOp", "SentencepieceIdToStringOp", "SentencepieceOp"),
    *("SentencepieceTokenizeOp", "SentencepieceTokenizeWithOffsetsOp"),
}
# Of a GPU's library, of a compiler that is off, of a process with Python, of files beside.
_ABSENT = ("Cudnn", "Xla", "PyFunc", "EagerPyFunc", "HashTable", "InitializeTable", "LookupTable")


def check_operators(directory: pathlib.Path) -> None:
    """Raises an `ExportError` for operators that a server on a CPU lacks, or has turned off."""
    graph = read_graph(directory).graph_def
    ours = {function.signature.name for function in graph.library.function}
    found = {node.op for node in all_nodes(graph)} - ours
    bad = {name for name in found if name.startswith(_ABSENT)}
    bad |= found & OF_TEXT - LINKED_IN
    if any(function.attr["_XlaMustCompile"].b for function in graph.library.function):
        bad.add("functions that demand XLA")
    if bad:
        names = ", ".join(sorted(bad))
        raise ExportError(f"The graph holds what a CPU server cannot run: {names}.")
