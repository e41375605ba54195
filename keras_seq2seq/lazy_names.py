"""Public names that are imported at first use."""

import importlib


def lazy_names(package, modules):
    """Returns the `__getattr__`, `__dir__` and `__all__` of a package whose names load lazily.

    The command line answers `--help` without waiting for TensorFlow, and layers and models can
    be used with another Keras backend where TensorFlow is not installed.

    Args:
        package: str. The package's `__name__`.
        modules: dict from public name to the module that defines it; a name may also be that of
            a module of the package itself.
    """

    def get(name):
        if name not in modules:
            raise AttributeError(f"{package} has no public name {name!r}")
        module = importlib.import_module(modules[name])
        return module if modules[name] == f"{package}.{name}" else getattr(module, name)

    return get, lambda: sorted(modules), sorted(modules)
