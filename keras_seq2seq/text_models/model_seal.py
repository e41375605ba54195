"""What ties the weights in a `.keras` file to the configuration beside them."""

import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

import keras

from keras_seq2seq.specs.seal import digest, seal_holds, sealed

_FILE = "seal.json"


class ModelSeal(keras.layers.Layer):
    """Writes digests of weights and configuration as an asset, and compares them once all is read.

    The configuration has the fingerprints of the vocabularies, so that weights, vocabularies and
    configuration of one file belong together, or it is not loaded, by `keras.saving.load_model`
    neither. It is for mishaps: who wants to deceive can seal what he made. Files of earlier
    versions have no seal.

    Args:
        model: callable that returns the model; Keras shall not find the model in its own part.
    """

    def __init__(self, model: Callable[[], keras.Model]):
        super().__init__(name="seal")
        self.built = True
        self.model = model

    def save_assets(self, dir_path: str) -> None:
        """Keras calls it when it saves a model."""
        model = self.model()
        saved = keras.saving.serialize_keras_object(model)["config"]
        seal = sealed({"weights": _weights_digest(model), "config": _config_digest(saved)})
        pathlib.Path(dir_path, _FILE).write_text(json.dumps(seal), "ascii")

    def load_assets(self, dir_path: str | None) -> None:
        """Keras calls it when it has read all other parts, since their names come first."""
        path = pathlib.Path(dir_path or "", _FILE)
        if dir_path is None or not path.is_file():
            return
        model = self.model()
        try:
            seal = json.loads(path.read_bytes())
        except ValueError:
            seal = None
        if not (isinstance(seal, dict) and seal_holds(seal, required=True)):
            raise ValueError("The seal of the model is broken. Get the file again.")
        if seal["weights"] != _weights_digest(model):
            raise ValueError(
                "The weights are not those that the model was saved with. Get the file again."
            )
        config = _stored_config(path, model)
        if config is not None and seal["config"] != _config_digest(config):
            raise ValueError(
                "The configuration is not the one that the model was saved with. Get the file "
                "again."
            )


def _weights_digest(model: keras.Model) -> str:
    """The same whatever the order of the weights, which another version may change."""
    arrays = [weight.numpy() for weight in model.weights]
    facts = [[str(a.dtype), list(a.shape), hashlib.sha256(a.tobytes()).hexdigest()] for a in arrays]
    return digest(sorted(facts))


def _config_digest(config: Any) -> str:
    return digest(_without_ids(config))


def _without_ids(value: Any) -> Any:
    """Keras numbers shared objects by their address in memory."""
    if isinstance(value, dict):
        return {k: _without_ids(v) for k, v in value.items() if k != "shared_object_id"}
    return list(map(_without_ids, value)) if isinstance(value, (list, tuple)) else value


def _stored_config(asset: pathlib.Path, model: keras.Model) -> Any:
    """The configuration as it was stored: what a model says of itself grows with the versions.

    `None` if the model was saved as a part of another.
    """
    for directory in asset.parents:
        file = directory.parent / "config.json"
        if directory.name == "assets" and file.is_file():
            stored = json.loads(file.read_bytes())
            name = keras.saving.get_registered_name(type(model))
            return stored["config"] if stored.get("registered_name") == name else None
    return None
