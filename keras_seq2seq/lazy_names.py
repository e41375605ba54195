"""Public names that are imported at first use."""

import importlib


def lazy_names(modules):
    """Returns the `__getattr__`, `__dir__` and `__all__` of a package whose names load lazily.

    The command line answers `--help` without waiting for TensorFlow, and layers and models can
    be used with another Keras backend where TensorFlow is not installed.

    Args:
        modules: dict from public name to the module that defines it.
    """

    def get(name):
        if name not in modules:
            raise AttributeError(f"keras_seq2seq has no public name {name!r}")
        return getattr(importlib.import_module(modules[name]), name)

    return get, lambda: sorted(modules), sorted(modules)
