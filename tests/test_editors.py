"""What an editor shows beside the README's code: names, arguments, and where things stand."""

import ast
import inspect
import re
from pathlib import Path

import jedi
import pytest

import keras_seq2seq

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
CODE = "".join(block for block in BLOCKS if "ai_edge_litert" not in block)  # needs nothing of ours
TREE = ast.parse(CODE)
NAMES = [
    alias.name
    for node in TREE.body
    if isinstance(node, ast.ImportFrom) and node.module == "keras_seq2seq"
    for alias in node.names
]


def script(code):
    environment = jedi.api.environment.InterpreterEnvironment()
    return jedi.Script(code, project=jedi.Project(ROOT), environment=environment)


def calls():
    """(what is called, the line and column behind its bracket, the thing itself) of our calls."""
    known = {name: getattr(keras_seq2seq, name) for name in NAMES}
    known["model"] = keras_seq2seq.TextSeq2Seq
    for node in ast.walk(TREE):
        if not isinstance(node, ast.Call):
            continue
        owner, _, method = ast.unparse(node.func).rpartition(".")
        thing = known.get(method) if not owner else getattr(known.get(owner), method, None)
        if thing is not None and inspect.unwrap(thing).__module__.startswith("keras_seq2seq."):
            place = (node.func.end_lineno, node.func.end_col_offset + 1)
            yield pytest.param(*place, thing, id=ast.unparse(node)[:40])


CALLS = list(calls())
VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def file_of(thing):
    return Path(inspect.getsourcefile(inspect.unwrap(thing))).resolve()


def test_the_readme_is_read():
    assert {"Seq2Seq", "export", "read_pairs"} <= set(NAMES)
    called = {call.id.partition("(")[0] for call in CALLS}
    assert {"TextSeq2Seq", "export.tflite", "model.generate", "model.score"} <= called


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_completed_and_found(name):
    half = name[: len(name) // 2 + 1]
    for code in (
        f"from keras_seq2seq import (\n    {half}",
        f"import keras_seq2seq\nkeras_seq2seq.{half}",
    ):
        assert name in {found.name for found in script(code).complete()}
    (found,) = script(f"from keras_seq2seq import {name}").goto(1, 26, follow_imports=True)
    assert found.module_path == file_of(getattr(keras_seq2seq, name))


@pytest.mark.parametrize(("line", "column", "thing"), CALLS)
def test_arguments_are_shown(line, column, thing):
    (found,) = script(CODE).get_signatures(line, column)
    own = [p.name for p in inspect.signature(thing).parameters.values() if p.kind not in VARIABLE]
    shown = [parameter.name for parameter in found.params]  # for **kwargs those of the base class
    assert [name for name in shown if name in own] == [name for name in own if name != "self"]
    assert found.module_path == file_of(thing)


@pytest.mark.parametrize("room", ["data", "decoding", "export", "models", "text", "training"])
def test_the_names_of_a_room_are_completed(room):
    package = getattr(keras_seq2seq, room)
    public = [n for n in getattr(package, "__all__", vars(package)) if not n.startswith("_")]
    found = script(f"from keras_seq2seq.{room} import ").complete()
    assert set(public) <= {name.name for name in found}
