"""The options of one part, as a frozen dataclass."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.specs.option import checked_value


@dataclasses.dataclass(frozen=True)
class Spec(KnownNames):
    """Base of all specs: frozen dataclasses whose fields are made by `option`.

    Each value is checked when a spec is made. The fields are the keys of a TOML section, the
    options of a layer and what its `get_config` says of them: nothing else lists them.

    Raises:
        ConfigError: a value has the wrong type or is out of range, or there is no such option;
            the nearest is named.

    Example:

    >>> from keras_seq2seq.layers.options.generator_spec import GeneratorSpec
    >>> GeneratorSpec(fixed_norm=4), GeneratorSpec(None).to_dict()
    (GeneratorSpec(fixed_norm=4.0), {'fixed_norm': 0.0})
    """

    section: ClassVar[str] = "options"  # the name before each option in messages

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = checked_value(self.section, field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of all options."""
        return tuple(field.name for field in dataclasses.fields(cls))

    @classmethod
    def make(
        cls,
        spec: Self | Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Self:
        """A spec out of another one or of a dict, with changes; the defaults if there is none."""
        if not isinstance(spec, (Spec, Mapping, type(None))):
            raise ConfigError(
                f"{cls.section}: {spec!r} is no {cls.__name__}. Options have names: units=160."
            )
        known = spec.values() if isinstance(spec, Spec) else dict(spec or {})
        known |= changes or {}
        for name in known:
            if name not in cls.names():
                hint = did_you_mean(name, cls.names())
                raise ConfigError(f"There is no option {cls.section}.{name}.{hint}")
        return cls(**known)

    @classmethod
    def of(cls, other: "Spec", **changes: Any) -> Self:
        """What another spec says of the options of this class, with changes."""
        shared = {name: v for name, v in other.values().items() if name in cls.names()}
        return cls(**{**shared, **changes})

    def values(self) -> dict[str, Any]:
        """The options by name, as Python knows them."""
        return {name: getattr(self, name) for name in self.names()}

    def to_dict(self) -> dict[str, Any]:
        """The options by name, as files write them: no value is None."""
        nones = {field.name: field.metadata["none"] for field in dataclasses.fields(self)}
        return {name: nones[name] if v is None else v for name, v in self.values().items()}
