"""Which parts of a layer are frozen, kept wherever its configuration goes."""

import functools
from collections.abc import Iterator
from typing import Any

import keras

KEY = "trainable_parts"
_PENDING = "_trainable_parts_to_restore"


class KeepsTrainableParts:
    """Base of layers and models whose frozen parts stay frozen when they are saved or copied.

    Keras saves whether a layer is trainable, but of the layers in it only what their own
    configurations say, and those of a composed layer are not written. Here `get_config` also has
    the parts that differ from what they are in, by the names of the attributes: `{"embedding":
    False}`. The key is absent where there is none. `trainable=False` given to a constructor
    freezes all parts, as setting it afterwards does.

    Example:

    >>> from keras_seq2seq import Encoder
    >>> encoder = Encoder(50, units=4)
    >>> encoder.embedding.trainable = False
    >>> Encoder.from_config(encoder.get_config()).embedding.trainable
    False
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "get_config"):
            cls.get_config = _with_parts(cls)
            cls.from_config = classmethod(_restoring(cls))

    def _post_build(self) -> None:
        super()._post_build()  # pyright: ignore[reportAttributeAccessIssue]
        settle_parts(self, vars(self).pop(_PENDING, None))


def _with_parts(owner: Any) -> Any:
    own = vars(owner).get("get_config")

    @functools.wraps(own or owner.get_config)  # with Keras's mark of what is its own
    def get_config(self: Any) -> dict[str, Any]:
        # Bases may change: Keras makes a functional model of a class when it is first used so.
        config = own(self) if own else super(owner, self).get_config()
        config = {k: v for k, v in config.items() if k != KEY}
        found = vars(self).get(_PENDING, {})
        # Before it is built, what the constructor was told has not reached the parts.
        if not found and (self.built or self.trainable):
            found = trainable_parts(self)
        return {**config, KEY: found} if found else config

    return get_config


def _restoring(owner: Any) -> Any:
    own = vars(owner).get("from_config")

    @functools.wraps(own.__func__ if own else owner.from_config.__func__)
    def from_config(cls: Any, config: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        parts = config.get(KEY)
        config = {k: v for k, v in config.items() if k != KEY}
        read = functools.partial(own.__func__, cls) if own else super(owner, cls).from_config
        layer = read(config, *args, **kwargs)
        if parts and not layer.built:
            setattr(layer, _PENDING, dict(parts))  # again when all parts are there
        if parts:
            settle_parts(layer, parts)
        return layer

    return from_config


def trainable_parts(layer: Any) -> dict[str, bool]:
    """The parts of a layer, by their path, whose `trainable` is not that of what they are in."""
    walk = _walk(layer)
    return {path: part.trainable for path, part, owner in walk if part.trainable != owner.trainable}


def settle_parts(layer: Any, parts: dict[str, bool] | None = None) -> None:
    """Gives all parts of a layer its `trainable`, and to those named what is said of them."""
    if parts is None and layer.trainable:
        return  # nothing was said, and parts that came from outside are as they are
    parts = dict(parts or {})
    for path, part, owner in _walk(layer):
        part.trainable = parts.pop(path, owner.trainable)  # and those below, which come next
    if parts and layer.built:
        raise ValueError(
            f"{type(layer).__name__}: the configuration says which parts are frozen, but there is "
            f"no part {', '.join(parts)}. It was written for another class or version."
        )


def _walk(layer: Any, path: str = "", above: tuple[int, ...] = ()) -> Iterator[tuple]:
    """Paths, parts and what each is in, from above; what is shared comes under every path."""
    above = (*above, id(layer))
    for name, part in _parts(layer).items():
        if id(part) not in above:
            yield path + name, part, layer
            yield from _walk(part, f"{path}{name}.", above)


def _parts(layer: Any) -> dict[str, Any]:
    """The layers directly in a layer: attributes, lists and dicts of them, nodes of a graph."""
    found: dict[str, Any] = {}

    def add(name: str, value: Any) -> None:
        if isinstance(value, keras.layers.Layer):
            found[name] = value
        elif isinstance(value, (list, tuple)):
            for place, item in enumerate(value):
                add(f"{name}.{place}", item)
        elif isinstance(value, dict):
            for key, item in value.items():
                add(f"{name}.{key}", item)

    of_torch = vars(layer).get("_modules", {})
    for name, value in {**vars(layer), **of_torch}.items():
        if not name.startswith("_"):
            add(name, value)
    known = set(map(id, found.values()))
    for node in getattr(layer, "layers", ()):
        if id(node) not in known and isinstance(node, keras.layers.Layer):
            add(node.name, node)
    return found
