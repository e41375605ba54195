"""Constructors that know what they are given."""

import functools
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.config_error import ConfigError


class _UnknownName(ConfigError, TypeError):
    """As Python has it for a wrong keyword, and as a configuration has it for a wrong key."""


class KnownNames:
    """First base of classes whose constructors refuse a name that they do not know.

    The names are those of the constructors of a class and of its bases, and of the options of
    its `spec_class`. Keras refuses most others, Python what has no `**kwargs`, and neither says
    what was meant; a functional model of Keras takes anything and forgets it.

    Raises:
        ConfigError: which is a TypeError here; the nearest name is said.

    Example:

    >>> from keras_seq2seq import Attention
    >>> try:
    ...     Attention(droput=0.1)
    ... except ConfigError as error:
    ...     print(error)
    Attention has no argument 'droput'. Did you mean 'dropout'?
    """

    if TYPE_CHECKING:  # what stands behind it takes anything

        def __init__(self, *args: Any, **kwargs: Any): ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        before = cls.__mro__[: cls.__mro__.index(KnownNames)]
        if any(base.__module__.startswith("keras.") for base in before):
            ours = next(b.__name__ for b in reversed(cls.__bases__) if issubclass(b, KnownNames))
            raise TypeError(
                f"{cls.__name__}: {ours} goes before Keras's class, or its checks are passed by: "
                f"class {cls.__name__}({ours}, ...)."
            )

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            check_names(cls.__name__, kwargs, cls.known_names())
        new: Any = super().__new__
        return new(cls) if new is object.__new__ else new(cls, *args, **kwargs)

    @classmethod
    def known_names(cls) -> list[str]:
        """The names of all that the constructor takes."""
        return list(_known_names(cls))


@functools.cache  # searches make options again and again
def _known_names(cls: type) -> tuple[str, ...]:
    names: list[str] = []
    for base in cls.__mro__[:-1]:
        if "__init__" not in vars(base):
            continue
        names += names_of(base.__init__)
        parameters = inspect.signature(base.__init__).parameters.values()
        of_keras = base.__module__.startswith("keras.")  # calls more than its next base
        if not of_keras and all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    spec = getattr(cls, "spec_class", None)
    return tuple(dict.fromkeys([*names, *(spec.names() if spec else ())]))


def names_of(function: Any) -> list[str]:
    """The names of the arguments of a function, without `self`, `*args` and `**kwargs`."""
    return [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.name not in ("self", "cls") and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]


def check_names(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raises a `ConfigError` that names the nearest of the known names for the first unknown."""
    known = list(known)
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or f" There are: {', '.join(known)}."
            raise _UnknownName(f"{owner} has no argument {name!r}.{hint}")
