"""The flags of a search, made from what its options tell of themselves."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from keras_seq2seq.decoding.search_option import SearchOption
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions

# Shorter names, by option.
ALIASES = {"beam_size": "--beam", "num_return": "--n-best", "sampling": "--sample"}
_TYPES = {"int32": int, "float32": float}


def with_search_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command a flag for each `SearchOptions`; those that were given come as `**search`.

    Ids and tables have no flag. What is wrong is told at once, not after the seconds that
    TensorFlow takes to load.
    """
    flags = {name: _flag(name, about) for name, about in OPTIONS.items() if _type(about)}
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        search = {name: given.pop(name) for name in flags}
        search = {name: value for name, value in search.items() if value is not None}
        SearchOptions(**search)
        command(**given, **search)

    run.__signature__ = signature.replace(parameters=[*own, *flags.values()])
    return run


def _type(about: SearchOption) -> type | None:
    """What is typed behind the flag; `None` where it is no single value."""
    if about.kind:
        return None if about.is_table else _TYPES[about.kind]
    return None if type(about.default) is tuple else type(about.default)


def _flag(name: str, about: SearchOption) -> inspect.Parameter:
    names = [f"--{name.replace('_', '-')}", *filter(None, [ALIASES.get(name)])]
    flag = typer.Option(*names, help=about.explain(), rich_help_panel="Search")
    annotation = Annotated[_type(about) | None, flag]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )
