"""What is told of one option of a search."""

import dataclasses
import math
import numbers
from typing import Any, NamedTuple


class SearchOption(NamedTuple):
    """All that is told of an option, once: checks, flags, requests and docs read it.

    Attributes:
        help: a sentence.
        default: the value where none is given.
        kind: `"int32"`, `"float32"` or `"bool"` of an option that is data; `None` of one that
            shapes the graph.
        least, most: the least and the greatest value, or `None`.
        neutral: what a request sends that has no wish; `None` where requests cannot choose.
        of: `"beam"`, `"sampling"` or `"any"`, the search that it is for.
        choices: the values there are, where they are few.
        shape: `"[B]"` of numbers; tables have an axis more, those of all examples no B.
    """

    help: str
    default: Any = None
    kind: str | None = None
    least: float | None = None
    neutral: float | None = None
    of: str = "any"
    choices: tuple[str, ...] = ()
    shape: str = "[B]"
    most: float | None = None

    @property
    def is_table(self) -> bool:
        return self.shape != "[B]"

    @property
    def per_example(self) -> bool:
        return self.shape.startswith("[B")

    def check(self, name: str, value: Any) -> None:
        """Raises a `ValueError` for a value out of range; tensors of a graph have none yet."""
        if self.choices and not (isinstance(value, str) and value in self.choices):
            raise ValueError(f"{name} must be one of {self.choices}, got {value!r}.")
        if type(self.default) is int:
            is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
            number = int(value) if is_int else -math.inf
            if number < (self.least or 0):
                raise ValueError(f"{name} must be an int of at least {self.least}, got {value!r}.")
            if self.most is not None and number > self.most:
                raise ValueError(f"{name} must be at most {self.most}, got {value!r}.")
        if self.default is False and value is not True and value is not False:
            raise ValueError(f"{name} must be True or False, got {value!r}.")
        if self.kind and value is not None and is_known(value):
            self._check_array(name, value)

    def _check_array(self, name: str, value: Any) -> None:
        import numpy as np  # here, since the command line reads this file for --help

        wanted = {"int32": "a whole number", "float32": "a number", "bool": "true or false"}
        what = f"{wanted[self.kind or 'bool']} or one for each example"
        if self.is_table:
            what = f"{self.kind}, {self.shape} or one row for all"
        wrong = f"{name} must be {what}, got {shortened(value)}."
        try:
            found = np.asarray(value)
        except (ValueError, TypeError, OverflowError) as error:  # rows of unlike lengths
            raise ValueError(wrong) from error
        if found.ndim > 1 + self.is_table or (self.is_table and not found.ndim):
            raise ValueError(wrong)
        if self.is_table and not found.size:
            return
        if found.dtype.kind not in {"int32": "iu", "float32": "iuf", "bool": "b"}[str(self.kind)]:
            raise ValueError(wrong)
        if not np.isfinite(found).all():
            raise ValueError(wrong)
        if self.kind == "int32" and (abs(found.astype("float64")) >= 2**31).any():
            raise ValueError(f"{name} must be below 2**31, got {shortened(value)}.")
        for bound, word, outside in (
            (self.least, "at least", np.less),
            (self.most, "at most", np.greater),
        ):
            if bound is not None and outside(found, bound).any():
                raise ValueError(f"{name} must be {word} {bound}, got {shortened(value)}.")

    def explain(self) -> str:
        """The help, and the search it is about."""
        of = {"any": "", "beam": "Of beam search. ", "sampling": "Of sampling. "}[self.of]
        return of + self.help


def graph_option(
    default: Any, bounds: Any, help: str, of: str = "any", most: float | None = None
) -> Any:
    """A field that shapes the graph; `bounds` is its least value or its choices."""
    choices, least = (bounds, None) if isinstance(bounds, tuple) else ((), bounds)
    about = SearchOption(help, default, least=least, of=of, choices=choices, most=most)
    return dataclasses.field(default=default, metadata={"option": about})


def data_option(
    kind: str,
    least: float | None,
    neutral: float | None,
    of: str,
    help: str,
    shape: str = "[B]",
    most: float | None = None,
) -> Any:
    """A field that is data of the graph; `None` is not in it."""
    about = SearchOption(help, None, kind, least, neutral, of, shape=shape, most=most)
    return dataclasses.field(default=None, metadata={"option": about})


def is_known(value: Any) -> bool:
    """Whether the value of an option can be read: it is no tensor, which may be of a graph."""
    if not hasattr(value, "shape"):
        return True
    import numpy as np

    return isinstance(value, (np.ndarray, np.number, np.bool_))


def shortened(value: Any) -> str:
    """A value as errors show it."""
    shown = repr(value)
    return shown if len(shown) <= 100 else f"{shown[:97]}..."
