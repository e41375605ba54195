"""Who imports whom in a package, read from its source."""

import ast
import graphlib
import re

PACKAGE = "keras_seq2seq"


def imports_of(module, tree, is_package=False, rooms=()):
    """All that a module names: in functions, for type checkers, and as strings that name a room."""
    names = {f"{base}.{name}" if name else base for base, name in _named(module, tree, is_package)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = re.fullmatch(rf"{PACKAGE}\.(\w+)(\.\w+)*", node.value)
            if named and named[1] in rooms:
                names.add(node.value)
    return names


def _named(module, tree, is_package, nodes=None):
    """(module, name or None) of each import; a relative one is resolved."""
    for node in ast.walk(tree) if nodes is None else nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = [PACKAGE, *module.split(".")]
                cut = len(here) - node.level + is_package
                base = ".".join([*here[:cut], *([base] if base else [])])
            yield from ((base, alias.name) for alias in node.names)


def _is_for_editors(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _run_at_import(body):
    """The statements that run when a module is loaded: not those of functions."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        parts = ["orelse"] if _is_for_editors(node) else ["body", "orelse", "finalbody", "handlers"]
        for part in parts:
            yield from _run_at_import(getattr(node, part, []))


class ImportGraph:
    """What loading a module loads in turn.

    A name that a package imports for editors alone is lazy: taking it from there loads its module.

    Args:
        trees: dict from the name of a module, without that of the package, to its syntax tree.
        packages: names of those that are folders; the package itself is called "__init__".
    """

    def __init__(self, trees, packages=()):
        self.modules = set(trees)
        self.outside = {}  # module -> roots of what it loads from elsewhere
        self.links = {}  # module -> those of ours that it imports
        lazy = {name: self._lazy_names(name, trees[name]) for name in packages}
        for module, tree in trees.items():
            nodes = list(_run_at_import(tree.body))
            named = list(_named(module, tree, module in packages, nodes))
            self.outside[module] = {base.partition(".")[0] for base, _ in named} - {PACKAGE}
            self.links[module] = set()
            for base, name in named:
                if base.partition(".")[0] == PACKAGE:
                    self.links[module] |= self._targets(base, name, lazy)

    def _lazy_names(self, module, tree):
        blocks = [node for node in tree.body if _is_for_editors(node)]
        named = [pair for node in blocks for pair in _named(module, node, True)]
        return {name: self._inner(base) for base, name in named}

    def _inner(self, name):
        return name.partition(".")[2] or "__init__"

    def _targets(self, base, name, lazy):
        base, within = self._inner(base), self._inner(f"{base}.{name}")
        if within in self.modules:
            return {within}
        return {base, *filter(None, [lazy.get(base, {}).get(name)])} & self.modules

    def loaded_by(self, module):
        """Every module that loading this one loads, with the chain of imports that leads there."""
        chains, waiting = {}, [(module, [])]
        while waiting:
            target, chain = waiting.pop(0)
            parts = target.split(".")
            for name in (".".join(parts[:end]) for end in range(len(parts), 0, -1)):
                if name in self.modules and name not in chains:
                    chains[name] = [*chain, name]
                    waiting += [(link, chains[name]) for link in sorted(self.links[name])]
        return chains

    def circle(self, depth=None):
        """A circle of modules that import each other, or of rooms down to a depth; or None."""
        graph = {}
        for module, targets in self.links.items():
            for target in targets:
                rooms = [_room(name, depth) for name in (module, target)]
                if None not in rooms and rooms[0] != rooms[1]:
                    graph.setdefault(rooms[0], set()).add(rooms[1])
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            return error.args[1]
        return None


def _room(module, depth):
    """The folder that a module is in, or the module itself; None where it is in no room so deep."""
    if depth is None:
        return module
    parts = module.split(".")
    return ".".join(parts[:depth]) if len(parts) > depth else None
