"""What Keras saves of a layer, told once for all layers."""

import inspect
from typing import Any, ClassVar

import keras

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.specs.spec import Spec
from keras_seq2seq.specs.trainable_parts import KeepsTrainableParts

_OF_KERAS = ("name", "dtype", "trainable", "autocast")


class Configured(KeepsTrainableParts, KnownNames):
    """First base of layers whose constructor arguments are attributes of the same name.

    It writes `get_config` and reads it back. Where `spec_class` is set, the constructor takes a
    `Spec` of that class as `spec`, or its options one by one, and has it as `self.spec`.

    Args:
        spec: `Spec`, the same as a dict, or `None` for the defaults.
        **options: options of the spec that differ, and those of `keras.layers.Layer`.

    Raises:
        ConfigError: an option is unknown, has the wrong type or is out of range.

    Example:

    >>> from keras_seq2seq.layers import Generator
    >>> layer = Generator(50, fixed_norm=4.0)
    >>> Generator.from_config(layer.get_config()).spec == layer.spec
    True
    """

    spec_class: ClassVar[type[Spec] | None] = None

    def __init__(self, spec: Any = None, **options: Any):
        if self.spec_class is None:
            super().__init__(**options)
            return
        of_keras = {name: options.pop(name) for name in _OF_KERAS if name in options}
        made = self.spec_class.make(spec, options)
        super().__init__(**of_keras)
        self.spec: Any = made

    @classmethod
    def arguments(cls) -> list[str]:
        """The names of all constructor arguments, those of base classes included."""
        names: list[str] = []
        for base in cls.__mro__:
            if issubclass(base, Configured) and base is not Configured and "__init__" in vars(base):
                parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
                names += [
                    p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
                ]
        return list(dict.fromkeys(names))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()  # pyright: ignore[reportAttributeAccessIssue]
        return {**config, **{name: _saved(getattr(self, name)) for name in self.arguments()}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{name: _restored(value) for name, value in config.items()})


def check_choice(owner: str, option: str, value: object, choices: Any) -> None:
    """Raises a `ValueError` naming the nearest valid choice if `value` is none of `choices`."""
    if value not in choices:
        hint = did_you_mean(value, choices, cutoff=0.4)
        raise ValueError(
            f"{owner}: {option}={value!r} is not known; choose one of "
            f"{', '.join(map(repr, choices))}.{hint}"
        )


def saved_layer(layer: Any) -> dict[str, Any]:
    """What `deserialize_keras_object` makes a layer of; its owner builds it."""
    config = keras.saving.serialize_keras_object(layer)
    config.pop("build_config", None)
    return config


def _saved(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_dict()
    return saved_layer(value) if hasattr(value, "get_config") else value


def _restored(value: Any) -> Any:
    saved = isinstance(value, dict) and "class_name" in value and "config" in value
    return keras.saving.deserialize_keras_object(value) if saved else value
