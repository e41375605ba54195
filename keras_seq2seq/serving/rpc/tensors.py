"""Arrays of gRPC messages."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

from keras_seq2seq.serving.serving_error import invalid

_FIELDS = {
    np.dtype(np.float32): "float_val",
    np.dtype(np.float64): "double_val",
    **dict.fromkeys(map(np.dtype, (np.int32, np.int16, np.int8, np.uint8)), "int_val"),
    np.dtype(np.int64): "int64_val",
    np.dtype(np.uint32): "uint32_val",
    np.dtype(np.uint64): "uint64_val",
    np.dtype(np.bool_): "bool_val",
}
_LARGEST = 2**28  # elements; one value of a message may stand for any number of them


def read_tensor(name: str, tensor: TensorProto) -> np.ndarray:
    """The array of a message.

    Raises:
        ServingError: it is none.
    """
    sizes = [dimension.size for dimension in tensor.tensor_shape.dim]
    try:
        if min(sizes, default=0) < 0 or math.prod(sizes) > _LARGEST:
            raise ValueError
        return tf.make_ndarray(tensor)
    except (ValueError, TypeError, OverflowError):
        raise invalid(f"tensor parsing error: {name}") from None


def write_tensor(array: np.ndarray) -> TensorProto:
    """A message with the values in the field of their type, where clients look for them."""
    field = "string_val" if array.dtype == object else _FIELDS.get(array.dtype)
    if field is None:
        return tf.make_tensor_proto(array)
    kind = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    message = TensorProto(dtype=kind.as_datatype_enum)
    message.tensor_shape.SetInParent()
    for size in array.shape:
        message.tensor_shape.dim.add(size=size)
    getattr(message, field).extend(array.ravel().tolist())
    return message
