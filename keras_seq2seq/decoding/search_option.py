"""What is told of one option of a search."""

import dataclasses
import numbers
from typing import Any, NamedTuple


class SearchOption(NamedTuple):
    """All that is told of an option, once: checks, flags, requests and docs read it.

    Attributes:
        help: a sentence.
        default: the value where none is given.
        kind: `"int32"`, `"float32"` or `"bool"` of an option that is data; `None` of one that
            shapes the graph.
        least: the least value, or `None`.
        neutral: what a request sends that has no wish; `None` where requests cannot choose.
        of: `"beam"`, `"sampling"` or `"any"`, the search that it is for.
        choices: the values there are, where they are few.
        shape: `"[B]"` of numbers; tables have an axis more.
    """

    help: str
    default: Any = None
    kind: str | None = None
    least: float | None = None
    neutral: float | None = None
    of: str = "any"
    choices: tuple[str, ...] = ()
    shape: str = "[B]"

    @property
    def is_table(self) -> bool:
        return self.shape != "[B]"

    def check(self, name: str, value: Any) -> None:
        """Raises a `ValueError` for a value out of range; tensors of a graph have none yet."""
        if self.choices and value not in self.choices:
            raise ValueError(f"{name} must be one of {self.choices}, got {value!r}.")
        if type(self.default) is int:
            is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
            if not is_int or value < self.least:
                raise ValueError(f"{name} must be an int of at least {self.least}, got {value!r}.")
        if self.default is False and value is not True and value is not False:
            raise ValueError(f"{name} must be True or False, got {value!r}.")
        if self.kind and not self.is_table and value is not None:
            import numpy as np  # here, since the command line reads this file for --help

            if hasattr(value, "shape") and not isinstance(value, (np.ndarray, np.number)):
                return
            found = np.asarray(value)
            whole = self.kind == "int32"
            if found.dtype.kind not in ("iu" if whole else "iuf") or not np.isfinite(found).all():
                wanted = "a whole number" if whole else "a number"
                raise ValueError(f"{name} must be {wanted} or one for each example, got {value!r}.")
            if whole and (abs(found.astype("float64")) >= 2**31).any():
                raise ValueError(f"{name} must be below 2**31, got {value!r}.")
            if self.least is not None and (found < self.least).any():
                raise ValueError(f"{name} must be at least {self.least}, got {value!r}.")

    def explain(self) -> str:
        """The help, and the search it is about."""
        of = {"any": "", "beam": "Of beam search. ", "sampling": "Of sampling. "}[self.of]
        return of + self.help


def graph_option(default: Any, bounds: Any, help: str, of: str = "any") -> Any:
    """A field that shapes the graph; `bounds` is its least value or its choices."""
    choices, least = (bounds, None) if isinstance(bounds, tuple) else ((), bounds)
    about = SearchOption(help, default, least=least, of=of, choices=choices)
    return dataclasses.field(default=default, metadata={"option": about})


def data_option(
    kind: str, least: float | None, neutral: float | None, of: str, help: str, shape: str = "[B]"
) -> Any:
    """A field that is data of the graph; `None` is not in it."""
    about = SearchOption(help, None, kind, least, neutral, of, shape=shape)
    return dataclasses.field(default=None, metadata={"option": about})
