"""One option: its default, its comment and its limits, in one place."""

import dataclasses
import math
import operator
import re
from collections.abc import Callable, Collection
from typing import Any

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.registry import Registry

_EXPECTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
}
_LIMITS = {
    "minimum": ("at least", operator.ge),
    "above": ("above", operator.gt),
    "below": ("below", operator.lt),
    "maximum": ("at most", operator.le),
}
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # lone surrogates: bytes that are not UTF-8


def option(
    default: Any,
    comment: str,
    *,
    none: Any = None,
    choices: Collection[str] = (),
    check: Callable[[Any], Any] | None = None,
    **limits: float,
) -> Any:
    """Declares one field of a `Spec`.

    Args:
        default: bool, int, float or str, whose type is the type of the option; or None.
        comment: What the option does; written above it in a commented file.
        none: Where the option may be None: what a file, which knows no null, writes for it.
        choices: A tuple of str, or a `Registry`: the only values, where there are few.
        check: Raises ValueError on a value that is not understood.
        **limits: `minimum`, `above`, `below` and `maximum`, as many as there are.

    Returns:
        A `dataclasses.field`.

    Example:

    ```python
    @dataclass(frozen=True)
    class EncoderSpec(Spec):
        units: int = option(160, "Units H.", minimum=1)
    ```
    """
    facts = {"comment": comment, "none": none, "choices": choices, "check": check}
    return dataclasses.field(default=default, metadata={**facts, "limits": limits})


def rate(default: float, comment: str) -> Any:
    """Declares a share from 0 to below 1."""
    return option(default, comment, minimum=0.0, below=1.0)


def finer_rate(comment: str) -> Any:
    """Declares a rate of dropout at one place: that of the option `dropout` if not given."""
    comment = f"{comment} -1 takes dropout."
    return option(None, comment, none=-1.0, minimum=-1.0, below=1.0, check=_is_a_rate)


def _is_a_rate(value: float) -> None:
    if -1.0 < value < 0.0:
        raise ValueError(f"{value} is no share; write 0 to 1, or -1 to take dropout.")


def checked_value(section: str, field: dataclasses.Field, value: Any) -> Any:
    """The value of an option if it is of the right type and within its limits.

    A whole number where a number is wanted becomes a float, and what stands for None, None.

    Raises:
        ConfigError: the type is wrong or the value is out of range.
    """
    key, stand_in = f"{section}.{field.name}", field.metadata["none"]
    if stand_in is not None and value is None:
        return None
    value = _typed(key, type(field.default if stand_in is None else stand_in), value)
    if stand_in is not None and value == stand_in:
        return None
    choices = choices_of(field)
    if choices and value not in choices:
        hint = did_you_mean(value.lower(), choices, cutoff=0.5)
        listed = ", ".join(map(repr, choices))
        if isinstance(field.metadata["choices"], Registry):
            hint = hint or " Import the module that registers another before it is used."
        raise ConfigError(f"{key} is {value!r}, but must be one of {listed}.{hint}")
    limits = [(*_LIMITS[name], limit) for name, limit in field.metadata["limits"].items()]
    if not all(holds(value, type(value)(limit)) for _, holds, limit in limits):
        wanted = " and ".join(f"{words} {limit}" for words, _, limit in limits)
        raise ConfigError(f"{key} is {value}, but must be {wanted}.")
    if field.metadata["check"] is not None:
        try:
            field.metadata["check"](value)
        except ValueError as error:
            raise ConfigError(f"{key}: {error}") from None
    return value


def choices_of(field: dataclasses.Field) -> list[str]:
    """The values that a file may write, where they are few; else nothing."""
    stand_in, choices = field.metadata["none"], list(field.metadata["choices"])
    return [stand_in, *choices] if choices and stand_in else choices


def _typed(key: str, kind: type, value: Any) -> Any:
    if hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0:  # a number of NumPy
        value = value.item()
    if kind is float and type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            raise ConfigError(f"{key} is {value}, which is beyond any number.") from None
    if type(value) is not kind:  # not isinstance: a bool is an int to Python, not to us
        raise ConfigError(
            f"{key} is {value!r} ({type(value).__name__}), but {_EXPECTED[kind]} is expected "
            f"({kind.__name__})."
        )
    if kind is float and not math.isfinite(value):
        raise ConfigError(f"{key} is {value}, but a finite number is expected.")
    if kind is str and _NO_TEXT.search(value):
        raise ConfigError(f"{key} is {value!r}, which no file can hold: write plain text.")
    return value
