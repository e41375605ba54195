"""The house rules that no tool checks: who may know whom, and how files and docstrings look."""

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_seq2seq"

# Which rooms a room may import; arrows point down only.
LOWEST = {"specs", "fast_paths"}
PARTS = LOWEST | {"layers", "text", "decoding", "objective", "phrasebook"}
MODELS = PARTS | {"models", "text_models", "data"}
FREE_FOR_ALL = {  # these know no room
    "atomic_file",
    "keras_registration",
    "lazy_names",
    "nearest_name",
    "tensors",
    "version",
}
ARROWS = {
    **dict.fromkeys(LOWEST | FREE_FOR_ALL, set()),
    **dict.fromkeys(("layers", "text", "decoding", "objective"), LOWEST),
    "phrasebook": set(),
    "models": LOWEST | {"layers", "decoding", "text"},
    "text_models": LOWEST | {"decoding", "text", "models"},
    "data": LOWEST | {"text", "phrasebook"},
    **dict.fromkeys(("evaluation", "export"), MODELS),
    "training": MODELS | {"evaluation"},  # a run is scored and drawn while it goes on
    "cli": MODELS | {"training", "evaluation", "export"},
    "__main__": {"cli"},
    "__init__": set(),  # its names are loaded lazily, from any room
}
ANY_BACKEND = {"layers", "models", "decoding"}  # run where TensorFlow is not installed
SEVERAL_CLASSES = {
    "training/configuration/config.py": "four sections and the whole that holds them",
    "export/artefact.py": "the interface and what its one method returns",
    "phrasebook/grammar/lexicon.py": "one record for each kind of word",
    "phrasebook/grammar/predicates.py": "one record for each language",
}
NO_DUMPING_GROUND = {"utils", "util", "helpers", "helper", "misc", "common"}


# === What is where ===


def name_of(path):
    """keras_seq2seq/layers/encoder.py -> layers.encoder; an __init__ bears its folder's name."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


SOURCES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}


def imports_of(module, tree, is_package=False):
    """All modules that a module names, those in functions and in tables of lazy names included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = ["keras_seq2seq", *module.split(".")]
                cut = len(here) - node.level + is_package
                base = ".".join([*here[:cut], *([base] if base else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = re.fullmatch(r"keras_seq2seq\.(\w+)(\.\w+)*", node.value)
            if named and named[1] in ARROWS:
                names.add(node.value)
    return names


# === The rules, each a function from a source to complaints ===


def wrong_arrows(module, tree, is_package=False):
    room = module.partition(".")[0]
    if room not in ARROWS:
        return [f"{module}: the room {room} is not in ARROWS"]
    if room == "__init__":
        return []
    complaints = []
    for name in sorted(imports_of(module, tree, is_package)):
        package, _, inner = name.partition(".")
        target = inner.partition(".")[0]
        allowed = {room} | ARROWS[room] | FREE_FOR_ALL
        if package == "keras_seq2seq" and target not in allowed:
            complaints.append(f"{module} imports {name}")
    return complaints


def wrong_backend(module, tree):
    if module.partition(".")[0] not in ANY_BACKEND:
        return []
    roots = {name.partition(".")[0] for name in imports_of(module, tree)}
    allowed = {"keras", "numpy", "keras_seq2seq"} | set(sys.stdlib_module_names)
    return [f"{module} imports {root}" for root in sorted(roots - allowed)]


def prints_and_asserts(module, tree):
    complaints = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            complaints.append(f"{module}, line {node.lineno}: assert")
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if called and node.func.id == "print" and module.partition(".")[0] != "cli":
            complaints.append(f"{module}, line {node.lineno}: print")
    return complaints


def too_long(module, source):
    limit = 300 if module.partition(".")[0] == "decoding" else 400
    count = len(source.splitlines())
    return [f"{module} has {count} lines, more than {limit}"] if count > limit else []


def bad_names(module):
    return [f"{module} is named {part}" for part in module.split(".") if part in NO_DUMPING_GROUND]


def too_many_classes(module, tree):
    public = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    file = module.replace(".", "/") + ".py"
    if len(public) > 1 and file not in SEVERAL_CLASSES:
        return [f"{module} has the public classes {', '.join(public)}"]
    return []


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
    fields = getattr(cls, "__dataclass_fields__", {}).values()
    if fields and all("comment" in field.metadata for field in fields):
        return False  # each says itself what it is for, see `keras-seq2seq train --show-config`
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return any(p.kind not in kinds for p in inspect.signature(cls).parameters.values())


def _is_generated(cls):
    return hasattr(cls, "__dataclass_fields__") or hasattr(cls, "_fields")


def _without_example():
    """Classes that nobody makes by hand: results, abstract ones, and sections of `RunConfig`."""
    return {
        getattr(importlib.import_module(f"keras_seq2seq.{module}"), name)
        for module, name in (
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
            ("training", "ModelConfig"),
            ("training", "TrainingConfig"),
            ("training", "TrainingSummary"),
        )
    }


def public_things():
    """(room, name, thing) of all that the package and its rooms export."""
    found = {}
    for room in ["", *sorted(r for r in ARROWS if (PACKAGE / r / "__init__.py").is_file())]:
        module = importlib.import_module(f"keras_seq2seq.{room}".rstrip("."))
        names = getattr(module, "__all__", None) or [
            n for n in vars(module) if not n.startswith("_")
        ]
        for name in names:
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                found.setdefault(id(thing), (room, name, thing))
    return list(found.values())


# === The package keeps them ===


def all_complaints(rule, values):
    return [complaint for name in SOURCES for complaint in rule(name, values[name])]


def test_arrows_point_down():
    complaints = []
    for name, path in SOURCES.items():
        complaints += wrong_arrows(name, TREES[name], path.name == "__init__.py")
    assert complaints == []


def test_layers_models_and_decoding_know_no_backend():
    assert all_complaints(wrong_backend, TREES) == []


def test_no_print_and_no_assert():
    assert all_complaints(prints_and_asserts, TREES) == []


def test_files_are_short_and_say_what_is_in_them():
    texts = {name: path.read_text("utf-8") for name, path in SOURCES.items()}
    assert all_complaints(too_long, texts) == []
    assert [complaint for name in SOURCES for complaint in bad_names(name)] == []


def test_one_public_class_in_a_file():
    assert all_complaints(too_many_classes, TREES) == []
    stale = [file for file in SEVERAL_CLASSES if not (PACKAGE / file).is_file()]
    assert stale == []


def test_public_classes_are_documented():
    classes = [thing for _, _, thing in public_things() if inspect.isclass(thing)]
    rooms = {cls: cls.__module__.split(".")[1] for cls in classes}
    complaints = []
    for cls in classes:
        complaints += bad_docstring(cls, is_layer=rooms[cls] in ("layers", "models"))
    assert complaints == []
    assert {"layers", "models", "text", "training", "data", "export"} <= set(rooms.values())


def test_public_functions_are_documented():
    things = [(room, name, f) for room, name, f in public_things() if inspect.isfunction(f)]
    assert {"read_pairs", "open_artefact", "greedy_search"} <= {name for _, name, _ in things}
    assert [f"{room}.{name}" for room, name, f in things if not f.__doc__] == []


def test_what_runs_beside_the_artefacts_does_without_the_library():
    files = sorted((ROOT / "export").rglob("*.py"))
    users = [
        str(path)
        for path in files
        for name in imports_of("", ast.parse(path.read_text("utf-8")))
        if name.partition(".")[0] == "keras_seq2seq"
    ]
    assert users == []


# === The rules can fail ===


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("layers.encoder", "from keras_seq2seq.text.special_tokens import PAD"),
        ("layers.encoder", "def f():\n    import keras_seq2seq.models.seq2seq"),
        ("layers.encoder", "from keras_seq2seq import decoding"),
        ("layers.encoder", "from ..decoding import greedy_search"),
        ("layers.encoder", "importlib.import_module('keras_seq2seq.models')"),
        ("decoding.greedy", "from keras_seq2seq import Seq2Seq"),
        ("models", "x = {'BestModel': 'keras_seq2seq.training.callbacks.best_model'}"),
        ("models.seq2seq", "from keras_seq2seq.data import read_pairs"),
        ("data.pipeline", "if TYPE_CHECKING:\n    from keras_seq2seq.models import Seq2Seq"),
        ("training.run", "from keras_seq2seq.export import saved_model"),
        ("evaluation.run_curves", "from keras_seq2seq.training import RunDirectory"),
        ("export.tflite", "from keras_seq2seq.cli import app"),
        ("version", "import keras_seq2seq.layers"),
        ("attic.things", ""),
    ],
)
def test_an_upward_arrow_is_seen(module, source):
    assert wrong_arrows(module, ast.parse(source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("layers.encoder", "from .attention import Attention\nimport keras"),
        ("models.seq2seq", "from keras_seq2seq.layers.encoder import Encoder"),
        ("cli.app", "from keras_seq2seq import export\nfrom keras_seq2seq.version import x"),
    ],
)
def test_a_downward_arrow_is_none(module, source):
    assert wrong_arrows(module, ast.parse(source)) == []


def test_relative_imports_are_resolved():
    tree = ast.parse("from . import greedy\nfrom ..text import tokenizer")
    assert imports_of("decoding.beam", tree) == imports_of("decoding", tree, is_package=True)
    assert "keras_seq2seq.text.tokenizer" in imports_of("decoding.beam", tree)


def test_the_other_rules_can_fail():
    tree = ast.parse("def f(x):\n    assert x\n    print(x)\n    import tensorflow as tf")
    assert wrong_backend("layers.encoder", tree) == ["layers.encoder imports tensorflow"]
    assert wrong_backend("text.tokenizer", tree) == []
    assert len(prints_and_asserts("layers.encoder", tree)) == 2
    assert prints_and_asserts("cli.app", tree) == ["cli.app, line 2: assert"]
    assert too_long("decoding.greedy", "x\n" * 301) and not too_long("data.x", "x\n" * 400)
    assert bad_names("text.utils") and bad_names("helpers.x") and not bad_names("text.tokenizer")
    classes = ast.parse("class A: pass\nclass B: pass\nclass _C: pass")
    assert too_many_classes("layers.encoder", classes)
    assert not too_many_classes("training.configuration.config", classes)


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
