"""From functions of TensorFlow to the bytes of a `.tflite` file."""

import tempfile
from collections.abc import Collection, Mapping
from typing import Any

import tensorflow as tf

from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.on_device.flat_model import slim


def convert(
    functions: Mapping[str, Any],
    custom_operators: bool = False,
    formats: Collection[str] = ("none",),
) -> dict[str, bytes]:
    """Concrete functions without variables as the signatures of files that share all weights.

    Args:
        functions: by the names of their signatures.
        custom_operators: whether those of tensorflow-text may be in it.
        formats: of `none`, `float16` and `int8`; there is a file for each.

    Raises:
        ExportError: TFLite has no operator for what a function does.
    """
    with tempfile.TemporaryDirectory() as directory:
        try:
            plain = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # never asked
            tf.saved_model.save(tf.Module(), directory, dict(functions), plain)
            files = {}
            for name in formats:
                converter = tf.lite.TFLiteConverter.from_saved_model(
                    directory, signature_keys=list(functions)
                )
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
                converter.allow_custom_ops = custom_operators
                if name != "none":
                    converter.optimizations = [tf.lite.Optimize.DEFAULT]
                if name == "float16":
                    converter.target_spec.supported_types = [tf.float16]
                files[name] = slim(converter.convert())
            return files
        except Exception as error:
            raise ExportError(f"TFLite cannot hold this model: {first_line(error)}") from error
