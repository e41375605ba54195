"""The flags of a search, made from what its options tell of themselves."""

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.decoding.search_option import SearchOption
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions

# Shorter names, by option.
ALIASES = {"beam_size": "--beam", "num_return": "--n-best", "sampling": "--sample"}
_OF_TEXT = ("prefix", "banned", "long_sources", "replace_unknown")  # options of `generate`
_VALUE = r"""(?:=('[^']*'|"[^"]*"|\[.*?\]|[^\s,;:]*[^\s,;:.]))?"""
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
        with in_words_of_flags({**given, **search}):
            SearchOptions(**search)
            command(**given, **search)

    vars(run)["__signature__"] = signature.replace(parameters=[*own, *flags.values()])
    return run


@contextlib.contextmanager
def in_words_of_flags(given: Mapping[str, Any]) -> Iterator[None]:
    """Errors about options name flags, as they are typed, and not arguments of Python."""
    try:
        yield
    except CorpusError:  # is about a file, whose name may be any word
        raise
    except ValueError as error:
        text = name_flags(str(error), {name for name, value in given.items() if value is not None})
        raise ValueError(text) from error


def name_flags(text: str, given: set[str]) -> str:
    """Writes `--n-best 3` for `num_return=3`, and so on for every option.

    Options that are words of English are replaced where they have a value, begin the text, or are
    `given`.
    """
    names = "|".join(sorted([*OPTIONS, *_OF_TEXT], key=len, reverse=True))
    option = re.compile(rf"(?<![\w/.'\"-])({names}){_VALUE}(?![\w/'\"-])")

    def flag(found: re.Match) -> str:
        name, value = found.groups()
        is_word = "_" not in name and value is None and found.start() > 0
        if is_word and name not in given:
            return found[0]
        flag = ALIASES.get(name) or f"--{name.replace('_', '-')}"
        return flag if value in (None, "True") else f"{flag} {value}"

    return option.sub(flag, text)


def _flag(name: str, about: SearchOption) -> inspect.Parameter:
    names = [f"--{name.replace('_', '-')}", *filter(None, [ALIASES.get(name)])]
    kind = _TYPES.get(about.kind, type(about.default))
    flag = typer.Option(*names, help=about.explain(), rich_help_panel="Search")
    only, annotation = inspect.Parameter.KEYWORD_ONLY, Annotated[kind | None, flag]
    return inspect.Parameter(name, only, default=None, annotation=annotation)
