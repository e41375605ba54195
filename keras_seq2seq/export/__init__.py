"""Artefacts that live without this library: SavedModel and TFLite, written, reloaded, compared."""

from typing import TYPE_CHECKING

# Lazy, so that a .tflite file is run without Keras and TensorFlow.
if TYPE_CHECKING:
    from keras_seq2seq.export.artefact import Artefact as Artefact
    from keras_seq2seq.export.export_error import ExportError as ExportError
    from keras_seq2seq.export.kit.serving_kit import ServingKit as ServingKit
    from keras_seq2seq.export.kit.serving_kit import serving_kit as serving_kit
    from keras_seq2seq.export.open_artefact import open_artefact as open_artefact
    from keras_seq2seq.export.quantization.formats_plot import plot_formats as plot_formats
    from keras_seq2seq.export.quantization.quantization_report import (
        QuantizationReport as QuantizationReport,
    )
    from keras_seq2seq.export.saved_model import saved_model as saved_model
    from keras_seq2seq.export.tflite import tflite as tflite
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
