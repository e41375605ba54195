"""Files from elsewhere: a saved model with some of its parts changed."""

import io
import json
import zipfile

import h5py


def rewrite(source, target, changes, compression=zipfile.ZIP_STORED):
    """Writes a zip archive again; `changes` are functions bytes -> bytes, or bytes, by name."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        names = old.namelist()
        for name in [*names, *(name for name in changes if name not in names)]:
            content = old.read(name) if name in names else b""
            change = changes.get(name, content)
            new.writestr(name, change(content) if callable(change) else change)
    return target


def with_config(change):
    """A change of config.json: `change` is given the whole of it as plain data."""

    def changed(content):
        config = json.loads(content)
        change(config)
        return json.dumps(config).encode()

    return {"config.json": changed}


def with_weights(change):
    """A change of the weights: `change` is given the open HDF5 file."""

    def changed(content):
        buffer = io.BytesIO(content)
        with h5py.File(buffer, "r+") as file:
            change(file)
        return buffer.getvalue()

    return {"model.weights.h5": changed}


def set_everywhere(config, key, value):
    """Sets a key in all dicts of plain data that have it."""
    items = config.items() if isinstance(config, dict) else enumerate(config)
    for name, inner in list(items):
        if name == key:
            config[name] = value
        elif isinstance(inner, (dict, list)):
            set_everywhere(inner, key, value)


def first_dataset(file):
    """The path of the first array in an HDF5 file of several elements."""
    found = []
    file.visititems(lambda name, item: found.append(name) if getattr(item, "size", 0) > 4 else None)
    return found[0]
