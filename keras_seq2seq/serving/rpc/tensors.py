"""Arrays of gRPC messages."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

from keras_seq2seq.serving.serving_error import invalid
from keras_seq2seq.serving.versions.row_limit import check_rows

_FIELDS = {
    np.dtype(np.float32): "float_val",
    np.dtype(np.float64): "double_val",
    **dict.fromkeys(map(np.dtype, (np.int32, np.int16, np.int8, np.uint8)), "int_val"),
    np.dtype(np.int64): "int64_val",
    np.dtype(np.uint32): "uint32_val",
    np.dtype(np.uint64): "uint64_val",
    np.dtype(np.bool_): "bool_val",
}
_MOST_REPEATED = 2**20  # elements that one value of a message may stand for


def read_tensor(name: str, tensor: TensorProto, most_rows: int) -> np.ndarray:
    """The array of a message.

    Args:
        name: Of the input.
        tensor: The message.
        most_rows: How many rows there may be.

    Raises:
        ServingError: it is none, or has more rows.
    """
    sizes = [dimension.size for dimension in tensor.tensor_shape.dim]
    try:
        if min(sizes, default=0) < 0:
            raise ValueError
        check_rows(sizes[0] if sizes else 1, most_rows)
        # No value takes less than a byte: what goes beyond would be made of nothing.
        if math.prod(sizes) > max(_MOST_REPEATED, tensor.ByteSize()):
            raise ValueError
        return tf.make_ndarray(tensor)
    except (ValueError, TypeError, KeyError, OverflowError):  # KeyError: of no such type
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
