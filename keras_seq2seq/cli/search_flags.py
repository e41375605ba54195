"""The flags of a search, made from what its options tell of themselves."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from keras_seq2seq.decoding.search_option import SearchOption
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions

# Shorter names, by option.
ALIASES = {"beam_size": "--beam", "num_return": "--n-best", "sampling": "--sample"}
_TYPES: dict[str | None, type] = {"int32": int, "float32": float}


def with_search_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command a flag for each `SearchOptions`; those that were given come as `**search`.

    Ids and tables have no flag. What is wrong is told at once, not after the seconds that
    TensorFlow takes to load.
    """
    flags = {
        name: _flag(name, about)
        for name, about in OPTIONS.items()
        if not about.is_table and type(about.default) is not tuple
    }
    signature = inspect.signature(command)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        search = {name: value for name in flags if (value := given.pop(name)) is not None}
        SearchOptions(**search)
        command(**given, **search)

    vars(run)["__signature__"] = signature.replace(parameters=[*own, *flags.values()])
    return run


def _flag(name: str, about: SearchOption) -> inspect.Parameter:
    names = [f"--{name.replace('_', '-')}", *filter(None, [ALIASES.get(name)])]
    kind = _TYPES.get(about.kind, type(about.default))
    flag = typer.Option(*names, help=about.explain(), rich_help_panel="Search")
    only, annotation = inspect.Parameter.KEYWORD_ONLY, Annotated[kind | None, flag]
    return inspect.Parameter(name, only, default=None, annotation=annotation)
