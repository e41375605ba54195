"""How to search."""

import dataclasses
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from keras_seq2seq.decoding.option_checks import (
    as_sequences,
    banned_table,
    check_lengths,
    none_if_empty,
)
from keras_seq2seq.decoding.search_option import SearchOption, data_option, graph_option
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor


@dataclasses.dataclass(frozen=True)
class SearchOptions(KnownNames):
    """The options of a search: those that shape the graph, and those that are data in it.

    Data, those with axes, are given as one value, as B values or as a tensor; what is `None` is
    not in the graph and costs nothing. Tensors, which come with requests, are not checked but
    taken into the bounds by the graph: see `searching.within_bounds`.

    Args:
        ...

    Raises:
        ValueError: if an option is out of range or contradicts another.

    Example:

    >>> options = SearchOptions(beam_size=4, num_return=2, length_penalty=[0.6, 1.0])
    >>> sorted(options.data())
    ['length_penalty']
    """

    beam_size: int = graph_option(1, 1, "Beams of the search; 1 searches greedily.", most=1000)
    num_return: int = graph_option(1, 1, "Results for each source, best first.", most=10**5)
    sampling: bool = graph_option(False, None, "Draw tokens by their probability.")
    length_normalization: str = graph_option(
        "wu",
        ("wu", "average"),
        "What is raised to the length penalty: (5 + length) / 6, wu, or length, average.",
        "beam",
    )
    no_repeat_ngram: int = graph_option(
        0, 0, "No run of so many tokens occurs twice; 0 allows all.", most=2**31 - 1
    )
    shortlist: bool = graph_option(
        False,
        None,
        "Look at those tokens alone that a learnt list has for the source's: faster, not exact.",
    )

    # kind, least value, neutral value, the search that it is for
    banned_ids: Any = data_option(
        "int32", 0, None, "any", "What must not occur, as ((17,), (4, 5)).", "[N, L]"
    )
    length_penalty: Tensor = data_option(
        "float32", -2, 1.0, "beam", "The higher, the longer the results; 1 if not given.", most=10
    )
    coverage_penalty: Tensor = data_option(
        "float32", 0, 0.0, "beam", "The higher, the more of the source is attended to.", most=1000
    )
    diversity: Tensor = data_option(
        "float32", 0, 0.0, "beam", "The higher, the more the results differ.", most=1000
    )
    repetition_penalty: Tensor = data_option(
        "float32", 1, 1.0, "any", "Above 1, tokens are less probable the second time.", most=1000
    )
    min_length: Tensor = data_option(
        "int32", 0, 0, "any", "Least tokens before EOS; where a limit is below, the limit wins."
    )
    max_length: Tensor = data_option(
        "int32", 0, 2**30, "any", "Most tokens, EOS included; at most the model's limit."
    )
    min_length_ratio: Tensor = data_option(
        "float32", 0, 0.0, "any", "Least tokens before EOS for each token of the source.", most=1e6
    )
    max_length_ratio: Tensor = data_option(
        "float32",
        0,
        1e6,
        "any",
        "Most tokens for each token of the source, EOS included.",
        most=1e6,
    )
    temperature: Tensor = data_option(
        "float32", 1e-4, 1.0, "sampling", "Below 1, what is probable becomes more so.", most=1e6
    )
    top_k: Tensor = data_option(
        "int32", 0, 0, "sampling", "So many of the most probable tokens; 0: all."
    )
    top_p: Tensor = data_option(
        "float32", 0, 1.0, "sampling", "The most probable tokens that together reach this.", most=1
    )
    seed: Tensor = data_option("int32", None, 0, "sampling", "The same seed gives the same tokens.")
    forced_ids: Tensor = data_option(
        "int32", -1, None, "any", "The token of each place, -1 where it is free.", "[B, P]"
    )
    allowed: Tensor = data_option(
        "bool", None, None, "any", "The tokens that may be chosen.", "[B, V] or [1, V]"
    )

    def __post_init__(self):
        object.__setattr__(self, "banned_ids", as_sequences(self.banned_ids))
        for name, about in OPTIONS.items():
            if name != "banned_ids":
                about.check(name, getattr(self, name))
            if type(about.default) is int:  # it may have been one of NumPy
                object.__setattr__(self, name, int(getattr(self, name)))
        object.__setattr__(self, "forced_ids", none_if_empty(self.forced_ids))
        if self.shortlist:
            self._check_shortlist()
        if self.sampling and self.beam_size > 1:
            raise ValueError(
                f"sampling=True draws tokens, beam_size={self.beam_size} searches: choose one."
            )
        if not self.sampling and self.num_return > self.beam_size:
            raise ValueError(
                f"num_return={self.num_return} results need a beam_size of at least as many, got "
                f"{self.beam_size}; or sampling=True."
            )
        self._refuse_what_has_no_effect()
        check_lengths(self)
        if self.beam_size > 1 and self.length_penalty is None:  # the one default, for every caller
            object.__setattr__(self, "length_penalty", OPTIONS["length_penalty"].neutral)

    def _check_shortlist(self) -> None:
        names = {"banned_ids": "banned", "forced_ids": "a prefix", "allowed": "allowed"}
        given = [what for name, what in names.items() if getattr(self, name) is not None]
        if self.sampling or given:
            what = given[0] if given else "sampling=True"
            raise ValueError(f"{what} needs the whole vocabulary: leave out shortlist=True.")

    def _refuse_what_has_no_effect(self) -> None:
        search = "sampling" if self.sampling else "beam" if self.beam_size > 1 else "any"
        for name, about in OPTIONS.items():
            value = getattr(self, name)
            given = value is not None if about.kind else value != about.default
            if given and about.of not in ("any", search):
                kind, advice = _SEARCHES[about.of]
                what = "has no effect on greedy search" if search == "any" else f"is for {kind}"
                raise ValueError(f"{name} {what}: {advice}.")

    @classmethod
    def named(cls, options: Mapping[str, Any]) -> "SearchOptions":
        """The options that a caller names; `None` stands for what was not given."""
        check_option_names(options)
        return cls(**{name: value for name, value in options.items() if value is not None})

    def data(self) -> dict[str, Any]:
        """The options that are data and are given, by name."""
        return {k: v for k, v in vars(self).items() if OPTIONS[k].kind and v is not None}

    def shape_of_graph(self) -> "SearchOptions":
        """The same options without data."""
        return dataclasses.replace(self, **dict.fromkeys(self.data()))

    def arrays(self, batch: int) -> dict[str, Any]:
        """Data as NumPy arrays, one row for each of `batch` examples, or a `ValueError`."""
        import numpy as np

        found = {}
        for name, value in self.data().items():
            about = OPTIONS[name]
            if not about.per_example:
                found[name] = banned_table(value)
                continue
            array = np.asarray(value, about.kind)
            if array.ndim == about.is_table:
                array = np.broadcast_to(array, (batch, *array.shape))
            elif about.is_table and len(array) == 1:
                array = np.repeat(array, batch, axis=0)
            if array.ndim != 1 + about.is_table or len(array) != batch:
                raise ValueError(
                    f"{name} must be one value or one for each of {batch} examples, got an array "
                    f"of shape {np.shape(value)}."
                )
            found[name] = array
        return found

    def for_batch(self, batch: int) -> "SearchOptions":
        """The same options with data as NumPy arrays for `batch` examples."""
        return dataclasses.replace(self, **self.arrays(batch))

    def take(self, rows: Tensor) -> "SearchOptions":
        """Of options made by `for_batch`, those of some rows, int array [R]."""
        per_example = {k: v[rows] for k, v in self.data().items() if OPTIONS[k].per_example}
        return dataclasses.replace(self, **per_example)


def check_option_names(names: Iterable[str]) -> None:
    """Raises a `ValueError` that says the nearest name for one that is no option."""
    for name in names:
        if name not in OPTIONS:
            raise ValueError(f"generate: no option {name!r}.{did_you_mean(name, _NAMES)}")


_SEARCHES = {
    "beam": ("beam search", "set a beam_size above 1, without sampling"),
    "sampling": ("sampling", "set sampling=True, without beams"),
}
OPTIONS: dict[str, SearchOption] = {
    field.name: field.metadata["option"] for field in dataclasses.fields(SearchOptions)
}

_NAMES = [*OPTIONS, "batch_size"]  # what artefacts take beside


def _arguments() -> str:
    """The lines of `Args:`, from what the options tell of themselves."""
    lines = []
    for name, about in OPTIONS.items():
        kind = (about.kind or type(about.default).__name__).removesuffix("32")
        shape = f" {about.shape}" if about.kind else ""
        least = "" if about.least is None else f", at least {about.least}"
        most = "" if about.most is None else f", at most {about.most:,.0f}"
        text = f"{name}: {kind}{shape}{least}{most}. {about.explain()}"
        lines += textwrap.wrap(text, 92, initial_indent=" " * 4, subsequent_indent=" " * 8)
    return "\n".join(lines).lstrip()


# From Python 3.13 on docstrings have lost their indentation; so for all.
_text = inspect.cleandoc(SearchOptions.__doc__ or "")
SearchOptions.__doc__ = _text.replace("...", _arguments(), 1)
