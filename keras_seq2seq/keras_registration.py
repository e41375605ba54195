"""Makes the classes of this package known to Keras."""

import functools
import importlib

from keras_seq2seq.lazy_names import imported_for_editors

_WITH_ANY_BACKEND = {"layers", "models", "objective"}
_WITH_TENSORFLOW = {"text", "text_models"}


@functools.cache  # once is enough
def register_classes() -> None:
    """Imports every public class that a saved model may hold, so that Keras can load it."""
    import keras

    rooms = set(_WITH_ANY_BACKEND)
    if keras.backend.backend() == "tensorflow":
        rooms |= _WITH_TENSORFLOW
    for module in sorted(set(imported_for_editors("keras_seq2seq").values())):
        if rooms.intersection(module.split(".")[1:2]):
            importlib.import_module(module)
