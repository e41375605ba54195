"""The house rules that no tool checks: who may know whom, and how files look."""

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest
from import_graph import ImportGraph, imports_of

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_seq2seq"

# Which rooms a room may import; arrows point down only.
LOWEST = {"specs", "fast_paths"}
PARTS = LOWEST | {"layers", "text", "decoding", "objective", "phrasebook"}
MODELS = PARTS | {"models", "text_models", "data"}
FREE_FOR_ALL = {  # these know no room
    "atomic_file",
    "file_hashes",
    "file_lock",
    "keras_registration",
    "lazy_names",
    "nearest_name",
    "onednn",
    "process_pool",
    "tensors",
    "version",
}
ARROWS = {
    **dict.fromkeys(LOWEST | FREE_FOR_ALL, set()),
    **dict.fromkeys(("layers", "text", "decoding", "objective"), LOWEST),
    "phrasebook": set(),
    "models": LOWEST | {"layers", "decoding", "text"},
    "text_models": LOWEST | {"decoding", "text", "models", "objective"},
    "data": LOWEST | {"text", "phrasebook"},
    "evaluation": MODELS,
    "export": MODELS | {"evaluation"},  # formats of a file are judged by their scores
    "serving": MODELS | {"export"},
    "training": MODELS | {"evaluation"},  # a run is scored and drawn while it goes on
    "cli": MODELS | {"training", "evaluation", "export", "serving"},
    "__main__": {"cli"},
    "__init__": set(),  # its names are loaded lazily, from any room
}
ANY_BACKEND = {"layers", "models", "decoding", "objective"}  # run where there is no TensorFlow
FILES_IN_A_ROOM = 13
SEVERAL_CLASSES = {
    "training/configuration/config.py": "four sections and the whole that holds them",
    "training/errors.py": "the errors of a run, of a few lines each",
    "export/artefact.py": "the interface and what its one method returns",
    "export/on_device/seq2seq_lite.py": "one file that users copy",
    "phrasebook/grammar/lexicon.py": "one record for each kind of word",
    "phrasebook/grammar/predicates.py": "one record for each language",
}
LONG = {"export.on_device.seq2seq_lite": 560}  # one file that users copy
WITH_ANY_BACKEND = {"keras", "numpy", "keras_seq2seq"} | set(sys.stdlib_module_names)
NO_DUMPING_GROUND = {"utils", "util", "helpers", "helper", "misc", "common"}


# === What is where ===


def name_of(path):
    """keras_seq2seq/layers/encoder.py -> layers.encoder; an __init__ bears its folder's name."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


SOURCES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}
GRAPH = ImportGraph(TREES, {name for name, path in SOURCES.items() if path.stem == "__init__"})


# === The rules, each a function from a source to complaints ===


def wrong_arrows(module, tree, is_package=False):
    room = module.partition(".")[0]
    if room not in ARROWS:
        return [f"{module}: the room {room} is not in ARROWS"]
    if room == "__init__":
        return []
    complaints = []
    for name in sorted(imports_of(module, tree, is_package, rooms=ARROWS)):
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
    return [f"{module} imports {root}" for root in sorted(roots - WITH_ANY_BACKEND)]


def loaded_backends(graph):
    """Chains of imports that lead from a room for any backend to a library that may be missing."""
    return [
        f"{' -> '.join(chain)} imports {root}"
        for module in sorted(graph.modules)
        if module.partition(".")[0] in ANY_BACKEND
        for name, chain in graph.loaded_by(module).items()
        for root in sorted(graph.outside[name] - WITH_ANY_BACKEND)
    ]


def circles(graph):
    """A circle of modules, one of rooms and one of the rooms within rooms, where there are any."""
    found = (graph.circle(depth) for depth in (None, 1, 2))
    return [" -> ".join(circle) for circle in found if circle]


def crowded_rooms(files):
    """Folders that hold too much to find one's way, from the paths of all files."""
    count = Counter(path.parent for path in files if path.name != "__init__.py")
    return [f"{room} has {n} files" for room, n in count.items() if n > FILES_IN_A_ROOM]


def need_the_library(folder):
    """Python files below a folder that import this package."""
    return [
        path.name
        for path in sorted(folder.rglob("*.py"))
        for name in imports_of("", ast.parse(path.read_text("utf-8")))
        if name.partition(".")[0] == "keras_seq2seq"
    ]


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
    limit = LONG.get(module, 300 if module.partition(".")[0] == "decoding" else 400)
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


# === The package keeps them ===


def all_complaints(rule, values):
    return [complaint for name in SOURCES for complaint in rule(name, values[name])]


def test_arrows_point_down():
    complaints = []
    for name, path in SOURCES.items():
        complaints += wrong_arrows(name, TREES[name], path.name == "__init__.py")
    assert complaints == []


def test_nothing_imports_itself_in_a_circle():
    assert circles(GRAPH) == []


def test_layers_models_decoding_and_objective_need_no_backend():
    assert all_complaints(wrong_backend, TREES) == []
    assert loaded_backends(GRAPH) == []


def test_no_room_is_crowded():
    assert crowded_rooms(path.relative_to(ROOT) for path in SOURCES.values()) == []


def test_no_print_and_no_assert():
    assert all_complaints(prints_and_asserts, TREES) == []


def test_files_are_short_and_say_what_is_in_them():
    texts = {name: path.read_text("utf-8") for name, path in SOURCES.items()}
    assert all_complaints(too_long, texts) == []
    others = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert [c for path in others for c in too_long(path.stem, path.read_text("utf-8"))] == []
    assert [complaint for name in SOURCES for complaint in bad_names(name)] == []


def test_one_public_class_in_a_file():
    assert all_complaints(too_many_classes, TREES) == []
    stale = [file for file in SEVERAL_CLASSES if not (PACKAGE / file).is_file()]
    assert stale == []


def test_clients_of_artefacts_do_without_the_library():
    if not (ROOT / "export").is_dir():
        pytest.skip("there are no clients yet")
    assert need_the_library(ROOT / "export") == []


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


def graph(**sources):
    """An ImportGraph of modules by name, `__` for a dot; those named in `packages` are folders."""
    packages = set(sources.pop("packages", ()))
    trees = {name.replace("__", ".") or "__init__": source for name, source in sources.items()}
    return ImportGraph({name: ast.parse(source) for name, source in trees.items()}, packages)


LAZY = "if TYPE_CHECKING:\n    from keras_seq2seq.text.pieces import Pieces as Pieces"
IDS = "import numpy\nfrom keras_seq2seq.nearest import x"


@pytest.mark.parametrize(
    ("layer", "needs"),
    [
        ("from keras_seq2seq.text.pieces import Pieces", "text.pieces"),
        ("from keras_seq2seq.text import pieces", "text.pieces"),
        ("from keras_seq2seq.text import Pieces", "text.pieces"),
        ("class A:\n    from keras_seq2seq.text.ids import PAD", None),
        (
            "try:\n    import keras_seq2seq.text.pieces\nexcept ImportError:\n    pass",
            "text.pieces",
        ),
        ("def fast():\n    from keras_seq2seq.text.pieces import Pieces", None),
        ("if TYPE_CHECKING:\n    from keras_seq2seq.text.pieces import Pieces", None),
        ("PATHS = {'pieces': 'keras_seq2seq.text.pieces.Pieces'}", None),
    ],
)
def test_a_backend_is_seen_through_chains(layer, needs):
    rooms = {"text__pieces": "import tensorflow as tf", "text__ids": IDS, "nearest": "import keras"}
    chains = loaded_backends(graph(packages=["text"], text=LAZY, layers__rnn=layer, **rooms))
    expected = f"layers.rnn -> {needs} imports tensorflow"
    assert chains == ([expected] if needs else [])


def test_a_package_that_is_not_lazy_brings_a_backend_to_its_neighbours():
    eager = "from keras_seq2seq.text.pieces import Pieces as Pieces"
    rooms = {"text__pieces": "import tensorflow as tf", "text__ids": IDS}
    layer = "from keras_seq2seq.text.ids import PAD"
    chains = loaded_backends(graph(packages=["text"], text=eager, layers__rnn=layer, **rooms))
    assert chains == ["layers.rnn -> text -> text.pieces imports tensorflow"]


def test_circles_are_seen():
    late = "def f():\n    import keras_seq2seq.a"
    ring = {"a": "import keras_seq2seq.b", "b": "import keras_seq2seq.c"}
    assert circles(graph(**ring, c="import keras_seq2seq.a"))
    assert not circles(graph(**ring, c=late))
    for room, place in (("", ""), ("training__", "training.")):
        modules = {
            f"{room}a__x": f"import keras_seq2seq.{place}b.x",
            f"{room}b__x": "",
            f"{room}b__y": f"import keras_seq2seq.{place}a.y",
            f"{room}a__y": "",
        }
        (circle,) = circles(graph(**modules))
        assert set(circle.split(" -> ")) == {f"{place}a", f"{place}b"}
        assert not circles(graph(**{**modules, f"{room}b__y": ""}))


def test_crowded_rooms_are_seen():
    files = [Path("text", f"{i}.py") for i in range(FILES_IN_A_ROOM)] + [Path("text/__init__.py")]
    assert crowded_rooms([*files, Path("other/one.py")]) == []
    assert crowded_rooms([*files, Path("text/one.py")]) == ["text has 14 files"]


def test_clients_that_need_the_library_are_seen(tmp_path):
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "client.py").write_text("import json\nfrom ai_edge_litert import x")
    assert need_the_library(tmp_path) == []
    (tmp_path / "python" / "other.py").write_text("def f():\n    from keras_seq2seq import export")
    assert need_the_library(tmp_path) == ["other.py"]
