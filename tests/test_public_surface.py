"""What users see of the package: documented, typed, and with few arguments."""

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import keras

PACKAGE = Path(__file__).parents[1] / "keras_seq2seq"
MOST_ARGUMENTS = 12
RETURN_NOTHING = {"__init__", "__post_init__"}  # by the rules of Python

# === The rules, each a function from a thing or a source to complaints ===


def bad_docstring(cls, is_layer=False):
    """Complaints about a public class: the sections that its docstring lacks."""
    docstring = inspect.getdoc(cls) if "__doc__" in vars(cls) else None
    if not docstring:
        return [f"{cls.__name__} has no docstring"]
    sections = set(re.findall(r"^([A-Z][a-z]+(?: [a-z]+)?):", docstring, flags=re.MULTILINE))
    complaints = []
    if _takes_arguments(cls) and not sections & {"Args", "Attributes"}:
        complaints.append(f"{cls.__name__} takes arguments, but has no `Args:`")
    if "Example" not in sections and cls not in _without_example():
        complaints.append(f"{cls.__name__} has no `Example:`")
    for section in ("Call arguments", "Returns") if is_layer else ():
        if section not in sections:
            complaints.append(f"{cls.__name__} has no `{section}:`")
    if "__init__" in vars(cls) and cls.__init__.__doc__ and not _is_generated(cls):
        complaints.append(f"{cls.__name__}.__init__ has a docstring of its own")
    return complaints


def _takes_arguments(cls):
    if issubclass(cls, Exception) or inspect.isabstract(cls):
        return False
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    if fields and all("comment" in field.metadata for field in fields):
        return False  # each says itself what it is for, see `keras-seq2seq train --show-config`
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return any(p.kind not in kinds for p in inspect.signature(cls).parameters.values())


def _is_generated(cls):
    return hasattr(cls, "__dataclass_fields__") or hasattr(cls, "_fields")


def _without_example():
    """Classes that nobody makes by hand: results, abstract ones, what a run makes, its options."""
    return {
        getattr(importlib.import_module(f"keras_seq2seq.{module}"), name)
        for module, name in (
            ("data", "CorpusError"),
            ("data", "CorpusReport"),
            ("decoding", "Generation"),
            ("decoding", "History"),
            ("decoding", "SearchResult"),
            ("evaluation", "CorpusScores"),
            ("evaluation", "ErrorBucket"),
            ("evaluation", "ErrorReport"),
            ("evaluation", "PairedScore"),
            ("export", "Artefact"),
            ("text", "Tokenizer"),
            ("training", "DataConfig"),
            ("training", "TextConfig"),
            ("layers", "DecoderSpec"),
            ("layers", "EncoderSpec"),
            ("layers", "GeneratorSpec"),
            ("layers", "Memory"),
            ("layers", "StackSpec"),
            ("layers", "StepLayer"),
            ("models", "Decodable"),
            ("training", "Checkpoint"),
            ("training", "CheckpointError"),
            ("training", "CheckpointStore"),
            ("training", "Checkpointing"),
            ("training", "Interruption"),
            ("training", "NonFiniteGuard"),
            ("training", "NonFiniteLoss"),
            ("training", "Rollback"),
            ("training", "TrainingConfig"),
            ("training", "TrainingError"),
            ("training", "TrainingState"),
            ("training", "TrainingSummary"),
        )
    }


def public_things():
    """(room, name, thing) of all that the package and its rooms export."""
    found = {}
    for room in ["", *sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))]:
        module = importlib.import_module(f"keras_seq2seq.{room}".rstrip("."))
        names = getattr(module, "__all__", None) or [
            n for n in vars(module) if not n.startswith("_")
        ]
        for name in names:
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                found.setdefault(id(thing), (room, name, thing))
    return list(found.values())


def public_functions(tree):
    """(name, node) of the public functions of a module, and of the methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not re.match("_(?!_)", method.name):
                    yield f"{node.name}.{method.name}", method


def arguments_of(name, function):
    """The arguments that a caller gives: all but `self` or `cls` of a method."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
    bound = "." in name and "staticmethod" not in decorators
    return arguments[bound:] + function.args.kwonlyargs


def without_types(module, tree):
    complaints = []
    for name, function in public_functions(tree):
        variable = filter(None, (function.args.vararg, function.args.kwarg))
        arguments = [*arguments_of(name, function), *variable]
        bare = [argument.arg for argument in arguments if argument.annotation is None]
        if function.returns is None and function.name not in RETURN_NOTHING:
            bare.append("what it returns")
        if bare:
            complaints.append(f"{module}, line {function.lineno}: {name} lacks: {', '.join(bare)}")
    return complaints


def too_many_arguments(module, tree):
    return [
        f"{module}: {name} has {len(arguments_of(name, function))} arguments"
        for name, function in public_functions(tree)
        if name.endswith(".__init__") and len(arguments_of(name, function)) > MOST_ARGUMENTS
    ]


# === The package keeps them ===


def test_public_classes_are_documented():
    classes = [thing for _, _, thing in public_things() if inspect.isclass(thing)]
    rooms = {cls: cls.__module__.split(".")[1] for cls in classes}
    complaints = []
    for cls in classes:
        is_layer = issubclass(cls, keras.layers.Layer) and not inspect.isabstract(cls)
        is_layer = is_layer and rooms[cls] in ("layers", "models")
        complaints += bad_docstring(cls, is_layer)
    assert complaints == []
    assert {"layers", "models", "text", "training", "data", "export"} <= set(rooms.values())


def test_public_functions_are_documented():
    things = [(room, name, f) for room, name, f in public_things() if inspect.isfunction(f)]
    assert {"read_pairs", "open_artefact", "greedy_search"} <= {name for _, name, _ in things}
    assert [f"{room}.{name}" for room, name, f in things if not f.__doc__] == []


def complaints_of(rule):
    sources = {path.relative_to(PACKAGE): path for path in sorted(PACKAGE.rglob("*.py"))}
    trees = {name: ast.parse(path.read_text("utf-8")) for name, path in sources.items()}
    assert Path("layers/encoder.py") in trees
    return [complaint for name, tree in trees.items() for complaint in rule(name, tree)]


def test_everything_public_is_typed():
    assert complaints_of(without_types) == []


def test_constructors_take_few_arguments():
    assert complaints_of(too_many_arguments) == []


# === The rules can fail ===


def test_bad_docstrings_are_seen():
    class Bare:
        pass

    class WithoutSections:
        """Something."""

        def __init__(self, units, **kwargs):
            """Makes one."""

    class Good:
        """Something.

        Args:
            units: int.

        Call arguments:
            x: float tensor [B, H].

        Returns:
            float tensor [B, H].

        Example:

        >>> Good(3)
        """

        def __init__(self, units):
            pass

    assert bad_docstring(Bare) == ["Bare has no docstring"]
    assert len(bad_docstring(WithoutSections)) == 3
    assert len(bad_docstring(WithoutSections, is_layer=True)) == 5
    assert bad_docstring(Good, is_layer=True) == []


def test_what_lacks_types_is_seen():
    tree = ast.parse(
        "def f(x, *y: int, z=1): pass\n"
        "def _g(x): pass\n"
        "class A:\n"
        "    def __init__(self, x: int): self.x = x\n"
        "    def call(self, x: int, **more): return x\n"
        "    def __len__(self): return 1\n"
        "    @staticmethod\n"
        "    def of(x) -> int: return x\n"
        "    def _own(self, x): return x\n"
        "class _B:\n"
        "    def f(self, x): return x\n"
    )
    assert without_types("m", tree) == [
        "m, line 1: f lacks: x, z, what it returns",
        "m, line 5: A.call lacks: more, what it returns",
        "m, line 6: A.__len__ lacks: what it returns",
        "m, line 8: A.of lacks: x",
    ]


def test_many_arguments_are_seen():
    for count, seen in ((12, []), (13, ["m: A.__init__ has 13 arguments"])):
        given = ", ".join(f"x{i}" for i in range(count - 1))
        tree = ast.parse(f"class A:\n    def __init__(self, {given}, *, last, **more): pass")
        assert too_many_arguments("m", tree) == seen
