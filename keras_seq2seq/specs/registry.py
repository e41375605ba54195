"""Kinds of a thing by name, open to kinds from outside of the library."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from keras_seq2seq.nearest_name import did_you_mean

Class = TypeVar("Class", bound=type)


class Registry(Mapping[str, Any]):
    """Classes of one kind by the name that configurations and manifests write.

    Those of the library are given as paths and imported when they are asked for. A class from
    outside is registered by a decorator, which also makes it known to Keras, and can then be
    used wherever a name is written.

    Args:
        kind: str. What the classes are, for messages.
        **paths: name to `"module.Class"`.

    Raises:
        ValueError: where a name is asked for that is not there (the nearest is named), or is
            registered twice, or with the class name of another.

    Example:

    >>> import keras
    >>> shapes = Registry("shape", square="keras.layers.Dense")
    >>> @shapes.register("circle")
    ... class Circle(keras.layers.Layer):
    ...     pass
    >>> list(shapes), shapes["circle"] is Circle, shapes.of_class("Dense").__name__
    (['square', 'circle'], True, 'Dense')
    """

    def __init__(self, kind: str, **paths: str):
        self.kind = kind
        self._paths = paths
        self._classes: dict[str, type] = {}

    def register(self, name: str) -> Callable[[Class], Class]:
        """Decorates a class that shall be known by a name, here and to Keras."""
        if not isinstance(name, str) or not name.isprintable() or name.strip() in ("", "none"):
            raise ValueError(f'A {self.kind} has a name, as in .register("mine"); got {name!r}.')

        def add(cls: Class) -> Class:
            import keras

            ours = cls.__module__, cls.__qualname__
            for known in self:
                # A notebook's cell that is run again is no clash. Manifests write `__name__`.
                place = self._place(known)
                if place != ours and (known == name or _last(place[1]) == cls.__name__):
                    raise ValueError(
                        f"There is a {self.kind} {known!r} already, {'.'.join(place)}: choose "
                        f"another name than {name!r}, and another class name than {cls.__name__}."
                    )
            if ">" not in keras.saving.get_registered_name(cls):
                package = cls.__module__.partition(".")[0]
                keras.saving.register_keras_serializable(package=package)(cls)
            self._classes[name] = cls
            return cls

        return add

    def of_class(self, class_name: str) -> Any:
        """The class with this `__name__`, as manifests write it."""
        for name in self:
            if _last(self._place(name)[1]) == class_name:
                return self[name]
        classes = [self[name].__name__ for name in self]
        raise ValueError(
            f"Unknown {self.kind} class {class_name!r}: expected one of {', '.join(classes)}, or "
            f"one whose module was imported.{did_you_mean(class_name, classes)}"
        )

    def _place(self, name: str) -> tuple[str, str]:
        """Module and class."""
        if name in self._classes:
            return self._classes[name].__module__, self._classes[name].__qualname__
        module, _, cls = self._paths[name].rpartition(".")
        return module, cls

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise ValueError(
                f"There is no {self.kind} {name!r}; choose one of "
                f"{', '.join(map(repr, self))}.{did_you_mean(name, self, cutoff=0.4)}"
            )
        if name not in self._classes:
            module, cls = self._place(name)
            self._classes[name] = getattr(importlib.import_module(module), cls)
        return self._classes[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths or name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._paths, *self._classes]))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _last(path: str) -> str:
    return path.rpartition(".")[2]
