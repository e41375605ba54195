"""Requests that a SavedModel brings along to be run before it is served."""

import grpc
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from keras_seq2seq.export.warmup.records import WARMUP
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.versions.servable import Servable

_MOST_RECORDS = 1000


def warm_up(servable: Servable) -> int:
    """Runs the recorded requests, so that no client waits for the first run of a signature.

    Returns:
        How many they were.

    Raises:
        ServingError: one of them fails; the version is then not served.
    """
    path = servable.directory / WARMUP
    if not path.is_file():
        return 0
    count = 0
    try:
        for record in tf.compat.v1.io.tf_record_iterator(str(path)):
            log = PredictionLog.FromString(record)
            kind = log.WhichOneof("log_type")
            if kind not in (None, "predict_log"):
                message = f"Unsupported log_type for warmup: {kind}"
                raise ServingError(grpc.StatusCode.UNIMPLEMENTED, message)
            if kind:
                request = log.predict_log.request
                inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
                name = request.model_spec.signature_name
                servable.predict(name, inputs, request.output_filter)
            count += 1
            if count > _MOST_RECORDS:
                most = f"the maximum ({_MOST_RECORDS}) at {path}"
                raise invalid(f"Number of warmup records exceeds {most}")
    except tf.errors.DataLossError as error:
        raise ServingError(
            grpc.StatusCode.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    return count
