"""Lists of Python values <-> the protocol's tensors."""

import struct
from collections.abc import Iterator
from math import prod
from typing import Any

from serving_protocol import CLASSES, TYPES

_NUMBERS = {about[0]: number for number, about in TYPES.items()}


def to_tensor(values: list, kind: str) -> Any:
    """Values [...] -> a Tensor message of the type `kind`, such as DT_STRING."""
    tensor = CLASSES["Tensor"](dtype=_NUMBERS[kind])
    level: Any = values
    while isinstance(level, list | tuple):
        tensor.tensor_shape.dim.add(size=len(level))
        level = level[0] if level else None
    flat = list(_flatten(values))
    expected = prod(dim.size for dim in tensor.tensor_shape.dim)
    if len(flat) != expected:
        raise ValueError(f"Rows of different lengths: {len(flat)} values, not {expected}.")
    if kind == "DT_STRING":
        flat = [value.encode() if isinstance(value, str) else value for value in flat]
    try:
        getattr(tensor, TYPES[tensor.dtype][1]).extend(flat)
    except (TypeError, ValueError) as error:
        raise ValueError(f"A value is not of the type {kind}: {error}.") from None
    return tensor


def from_tensor(tensor: Any) -> Any:
    """A Tensor message -> nested lists; strings that are UTF-8 become `str`, others are `bytes`."""
    if tensor.dtype not in TYPES:
        raise ValueError(f"A tensor of DataType {tensor.dtype}; known are {sorted(TYPES)}.")
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    kind, field = TYPES[tensor.dtype]
    flat = list(getattr(tensor, field)) or _unpacked(tensor)
    if kind == "DT_STRING":
        flat = [_text(value) for value in flat]
    if len(flat) == 1:  # one value may stand for all
        flat = flat * prod(shape)
    return _nested(flat, shape)


def _flatten(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flatten(value)
        else:
            yield value


def _nested(flat: list, shape: list[int]) -> Any:
    if not shape:
        return flat[0]
    width = prod(shape[1:])
    return [_nested(flat[i * width : (i + 1) * width], shape[1:]) for i in range(shape[0])]


def _unpacked(tensor: Any) -> list:
    """Numbers that a server sent as the bytes of its memory, as TensorFlow Serving does."""
    letters = {"float_val": "f", "double_val": "d", "int_val": "i", "int64_val": "q"}
    letter = {**letters, "bool_val": "?"}.get(TYPES[tensor.dtype][1])
    if letter is None:
        return []
    return [value for (value,) in struct.iter_unpack(f"<{letter}", tensor.tensor_content)]


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
