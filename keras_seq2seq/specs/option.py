"""One option: its default, its comment and its limits, in one place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection
from typing import Any

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.config_error import ConfigError

_EXPECTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
}


def option(
    default: Any,
    comment: str,
    *,
    none: Any = None,
    choices: Collection[str] = (),
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
    check: Callable[[Any], Any] | None = None,
) -> Any:
    """Declares one field of a `Spec`.

    Args:
        default: bool, int, float or str, whose type is the type of the option; or None.
        comment: str. What the option does; written above it in a commented file.
        none: bool, int, float or str. Where the option may be None: what a configuration file,
            which knows no null, writes in its place.
        choices: tuple of str, or a `Registry`. The only values, where there are few.
        minimum: float. The least value.
        above: float. A limit that the value must exceed.
        below: float. A limit that the value must stay under.
        maximum: float. The greatest value.
        check: callable. Raises ValueError on a value that is not understood.

    Returns:
        A `dataclasses.field`.

    Example:

    ```python
    @dataclass(frozen=True)
    class EncoderSpec(Spec):
        dropout: float = option(0.3, "Share of units dropped.", minimum=0.0, below=1.0)
    ```
    """
    limits = {"minimum": minimum, "above": above, "below": below, "maximum": maximum}
    metadata = {
        "comment": comment,
        "none": none,
        "choices": choices,
        "limits": limits,
        "check": check,
    }
    return dataclasses.field(default=default, metadata=metadata)


def finer_rate(comment: str) -> Any:
    """Declares a rate of dropout at one place: that of the option `dropout` if not given."""
    return option(
        None, f"{comment} -1 takes dropout.", none=-1.0, minimum=-1.0, below=1.0, check=_is_a_rate
    )


def _is_a_rate(value: float) -> None:
    if -1.0 < value < 0.0:
        raise ValueError(f"{value} is no share; write 0 to 1, or -1 to take dropout.")


def checked_value(section: str, field: dataclasses.Field, value: Any) -> Any:
    """The value of a key if it is of the right type and within its limits.

    Args:
        section: str. Name of the section, for the message.
        field: `dataclasses.Field` made by `option`.
        value: the value that came.

    Returns:
        The value; a whole number where a number is wanted becomes a float, and what stands for
        None becomes None.

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
        raise ConfigError(f"{key} is {value!r}, but must be one of {listed}.{hint}")
    if isinstance(value, (int, float)):
        _check_limits(key, value, field.metadata["limits"])
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


def written_value(field: dataclasses.Field, value: Any) -> Any:
    """The value as a configuration file writes it."""
    return field.metadata["none"] if value is None else value


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
    if kind is str and ("\0" in value or not _is_unicode(value)):
        raise ConfigError(f"{key} is {value!r}, which no file can hold: write plain text.")
    return value


def _is_unicode(text: str) -> bool:
    """Whether text can be encoded; bytes of a command line that are not UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_limits(key: str, value: float, limits: dict[str, float | None]) -> None:
    rules = (
        ("minimum", "at least", value.__ge__),
        ("above", "above", value.__gt__),
        ("below", "below", value.__lt__),
        ("maximum", "at most", value.__le__),
    )
    wanted = []
    broken = False
    for name, words, holds in rules:
        if limits[name] is not None:
            wanted.append(f"{words} {limits[name]}")
            broken |= not holds(type(value)(limits[name]))
    if broken:
        raise ConfigError(f"{key} is {value}, but must be {' and '.join(wanted)}.")
