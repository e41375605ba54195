"""From the JSON of a predict request to arrays, in row or column format."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from keras_seq2seq.serving.rest.json_document import (
    encode_text,
    quote_value,
    type_name,
    value_error,
)
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.versions.row_limit import check_rows
from keras_seq2seq.serving.versions.servable import dtype_name

Arrays = dict[str, np.ndarray]
_BITS = {
    **dict.fromkeys((tf.int32, tf.int16, tf.int8, tf.uint8), (-(2**31), 2**31)),
    tf.int64: (-(2**63), 2**63),
    tf.uint32: (0, 2**32),
    tf.uint64: (0, 2**64),
}
_MOST_AXES = 32  # of an array, and some for the batch


def read_inputs(
    document: Mapping[str, Any], types: Mapping[str, tf.DType], most_rows: int
) -> tuple[Arrays, bool]:
    """Reads `instances`, rows, or `inputs`, columns.

    Args:
        document: The body of the request.
        types: For each input of the signature its type.
        most_rows: How many there may be.

    Returns:
        The arrays that the request gives, by name, and whether it was in row format.

    Raises:
        ServingError: with the message of TensorFlow Serving.
    """
    if "instances" in document and "inputs" in document:
        raise value_error(
            document,
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        )
    if "instances" in document:
        rows = document["instances"]
        if not isinstance(rows, list):
            raise value_error(document, "Expecting 'instances' to be an list/array")
        if not rows:
            raise value_error(document, "No values in 'instances' array")
        check_rows(len(rows), most_rows)
        return _read_rows(rows, types), True
    if "inputs" in document:
        return _read_columns(document["inputs"], types, most_rows), False
    raise invalid("Missing 'inputs' or 'instances' key")


def _read_rows(rows: list[Any], types: Mapping[str, tf.DType]) -> Arrays:
    if not isinstance(rows[0], dict) and len(types) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    named = _is_named(rows[0])
    columns: dict[str, _Column] = {}
    for i, row in enumerate(rows):
        if named and not _is_named(row):
            raise invalid(f"Expecting object but got list at item {i} of input list")
        if not named and _is_named(row):
            raise invalid(f"Expecting value/list but got object at item {i} of input list")
        for name, value in row.items() if named else [(min(types), row)]:
            where = f"element: {i} key: {name}" if named else f"element: {i}"
            try:
                if name not in types:
                    raise invalid(f"JSON object: does not have named input: {name}")
                columns.setdefault(name, _Column(types[name])).add(value)
            except ServingError as error:
                message = f"Failed to process {where} of 'instances' list. Error: {error}"
                raise invalid(message) from None
        if named and row.keys() != types.keys():
            raise invalid(
                f"Failed to process element: {i} of 'instances' list. JSON object: "
                f"{quote_value(row)} keys must be equal to: {','.join(sorted(types))}"
            )
    return {name: column.array((len(rows), *column.shape)) for name, column in columns.items()}


def _read_columns(value: Any, types: Mapping[str, tf.DType], most_rows: int) -> Arrays:
    if _is_named(value):
        named = value
    elif len(types) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors "
            "required as per tensorinfo_map"
        )
    else:
        named = {min(types): value}
    arrays = {}
    for name, dtype in types.items():
        if name not in named:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        if isinstance(named[name], list):
            check_rows(len(named[name]), most_rows)
        column = _Column(dtype)
        column.add(named[name])
        arrays[name] = column.array(column.shape)
    return arrays


class _Column:
    """The values of one input, one instance after the other, all of one shape."""

    def __init__(self, dtype: tf.DType):
        self.dtype = dtype
        self.shape: tuple[int, ...] = ()
        self._count = -1
        self._values: list[Any] = []
        self._convert = _converter(dtype)

    def add(self, value: Any) -> None:
        shape, before = _shape(value), len(self._values)
        self._fill(value, 0, shape)
        count = len(self._values) - before
        if self._count < 0:
            self._count, self.shape = count, shape
        elif count != self._count:
            raise invalid(f"Expecting tensor size: {self._count} but got: {count}")
        elif shape != self.shape:
            shapes = [f"[{','.join(map(str, each))}]" for each in (self.shape, shape)]
            raise invalid(f"Expecting shape {shapes[0]} but got: {shapes[1]}")

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        if self.dtype == tf.string:
            array = np.empty(len(self._values), object)
            array[:] = self._values
            return array.reshape(shape)
        wide = np.int64 if self.dtype in _BITS and self.dtype != tf.uint64 else None
        with np.errstate(over="ignore"):  # a double beyond float's range is its infinity
            array = np.array(self._values, wide or self.dtype.as_numpy_dtype)
            return array.astype(self.dtype.as_numpy_dtype).reshape(shape)

    def _fill(self, value: Any, level: int, shape: tuple[int, ...]) -> None:
        if not isinstance(value, list):
            if level != len(shape):
                raise invalid(
                    f"JSON Value: {quote_value(value)} found at incorrect level: {level + 1} "
                    f"in the JSON DOM. Expected at level: {len(shape)}"
                )
            self._values.append(self._convert(value))
            return
        if level >= len(shape):
            raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
        if len(value) != shape[level]:
            raise invalid(
                f"Encountered list at unexpected size: {len(value)} at level: {level} "
                f"expected size: {shape[level]}"
            )
        for inner in value:
            self._fill(inner, level + 1, shape)


def _is_named(value: Any) -> bool:
    """An object of inputs by name; not one that holds a string in base64."""
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: dict[str, Any]) -> bool:
    return len(value) == 1 and isinstance(value.get("b64"), str)


def _shape(value: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    if len(shape) > _MOST_AXES:
        raise invalid(f"Encountered list at unexpected level: {len(shape)}")
    return tuple(shape)


def _converter(dtype: tf.DType) -> Callable[[Any], Any]:
    """A function that checks one value of JSON and gives it to the array."""

    def refuse(value: Any) -> ServingError:
        kind = type_name(value)
        return value_error(value, f"Type: {kind} is not of expected type: {dtype_name(dtype)}")

    def text(value: Any) -> bytes:
        if isinstance(value, dict):
            return _decode_base64(value)
        if not isinstance(value, str):
            raise refuse(value)
        return encode_text(value)

    def truth(value: Any) -> bool:
        if not isinstance(value, bool):
            raise refuse(value)
        return value

    def decimal(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refuse(value)
        return float(value)

    def whole(value: Any) -> int:
        low, high = _BITS[dtype]
        if type(value) is not int or not low <= value < high:
            raise refuse(value)
        return value

    def unknown(value: Any) -> Any:
        if isinstance(value, dict):
            raise refuse(value)
        message = f"Conversion of JSON Value: {quote_value(value)} to type: {dtype_name(dtype)}"
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, message)

    kinds = {tf.string: text, tf.bool: truth, tf.float32: decimal, tf.float64: decimal}
    return kinds.get(dtype, whole if dtype in _BITS else unknown)


def _decode_base64(value: dict[str, Any]) -> bytes:
    if not _is_base64(value):
        raise value_error(value, "not formatted correctly for base64 data")
    digits = "".join(value["b64"].split())
    bare = digits.rstrip("=")
    padding = len(digits) - len(bare)
    try:
        if padding and (padding > 2 or len(digits) % 4):
            raise binascii.Error
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError:  # binascii.Error is one, and what is not ASCII another
        raise invalid("Unable to base64 decode") from None
