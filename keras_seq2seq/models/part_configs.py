"""What is saved of a model's parts, and how it is read, changed, and read from old files."""

import copy
from typing import Any

import keras

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.configured import saved_layer
from keras_seq2seq.specs.trainable_parts import KEY

PARTS = ("encoder", "bridge", "decoder", "generator")
_SHARED = "share_embedding_of_decoder"
_SHORTLIST = "shortlist"

# What constructors of version 0.1.0 took for what a file does not say.
_DEFAULTS_OF_0_1_0 = {
    "units": 256,
    "dropout": 0.0,
    "tie_embeddings": False,
    "lexical_model": False,
    "fixed_norm": None,
}


def saved(model: Any) -> dict[str, Any]:
    """The parts of a `Seq2Seq` as configs; an embedding that several use is written once."""
    configs = {name: saved_layer(getattr(model, name)) for name in PARTS}
    shared = sharing(model)
    for name in shared:
        configs[name]["config"]["embedding"] = None
    shortlist = None if model.shortlist is None else saved_layer(model.shortlist)
    return {**configs, _SHARED: shared, _SHORTLIST: shortlist}


def sharing(model: Any) -> list[str]:
    """The parts that use the decoder's embedding, too."""
    parts, table = ("encoder", "generator"), model.decoder.embedding
    return [name for name in parts if getattr(getattr(model, name), "embedding", None) is table]


def restored(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a config stands for, with parts in the place of theirs."""
    config = copy.deepcopy(config)
    parts = {"decoder": keras.saving.deserialize_keras_object(config["decoder"])}
    for name in config.pop(_SHARED):
        config[name]["config"]["embedding"] = parts["decoder"].embedding
    has_list = config.get(_SHORTLIST) is not None
    for name in ("encoder", "bridge", "generator", *[_SHORTLIST] * has_list):
        parts[name] = keras.saving.deserialize_keras_object(config[name])
    return {**config, **parts}


def changed(config: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A config in which every part that knows a changed argument or option has it."""
    config, known = copy.deepcopy(config), set()
    parts = [config[name]["config"] for name in PARTS]
    for place in (config, *parts, *(part["spec"] for part in parts if "spec" in part)):
        own = place.keys() - {*PARTS, _SHARED, _SHORTLIST, KEY, "spec", "embedding"}
        own -= {"name"} if place is not config else set()  # that of the model alone
        known |= own
        place |= {name: changes[name] for name in own & changes.keys()}
    for name in changes.keys() - known:
        raise ValueError(f"copy: no part knows {name!r}.{did_you_mean(name, known)}")
    if "dtype" in changes:
        policy = keras.dtype_policies.get(changes["dtype"])
        _set_everywhere(config, "dtype", keras.dtype_policies.serialize(policy))
    if "trainable" in changes:
        _set_everywhere(config, "trainable", changes["trainable"])
        _set_everywhere(config, KEY, {})
    return config


def _set_everywhere(node: Any, key: str, value: Any) -> None:
    """Sets a key of all layers in a config that have it, those in arguments of layers included."""
    if not isinstance(node, dict):
        return
    for name in node:
        if name == key:
            node[name] = value
        else:
            _set_everywhere(node[name], key, value)


def of_version_0_1_0(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `Seq2Seq.from_options` in a config of version 0.1.0, which was flat."""
    arguments = {**_DEFAULTS_OF_0_1_0, **config}
    arguments.pop("trainable", None)
    return arguments
