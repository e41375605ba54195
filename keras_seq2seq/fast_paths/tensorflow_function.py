"""Functions of TensorFlow that are traced once for inputs of all shapes."""

from typing import Any

import numpy as np
import tensorflow as tf


def trace_for_any_shape(function: Any, inputs: dict[str, Any]) -> None:
    """Traces what `keras.Model.predict_on_batch` calls, for arrays of as many axes as these.

    By itself TensorFlow traces a function for the first shapes it sees, and anew for the second,
    which takes seconds each. One that runs eagerly is left as it is.
    """
    if hasattr(function, "get_concrete_function"):
        specs = {
            name: tf.TensorSpec([None] * np.ndim(array), np.asarray(array).dtype)
            for name, array in inputs.items()
        }
        function.get_concrete_function([(specs,)])
