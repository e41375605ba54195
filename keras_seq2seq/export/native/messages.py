"""The messages of `session.c`, which tells their form: numbers of 64 bits, strings, tensors."""

import struct
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

STRING = 7
_DTYPES: dict[int, Any] = {  # the numbers of TensorFlow's types.proto
    1: np.float32,
    2: np.float64,
    3: np.int32,
    4: np.uint8,
    5: np.int16,
    6: np.int8,
    STRING: object,
    9: np.int64,
    10: np.bool_,
}
_NUMBERS = {np.dtype(kind): number for number, kind in _DTYPES.items()}


class Message:
    """A message that is read from its start to its end.

    Args:
        content: bytes.

    Example:

    >>> message = Message(number(7) + string("text"))
    >>> message.number(), message.text()
    (7, 'text')
    """

    def __init__(self, content: bytes):
        self._content, self._at = content, 0

    def take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        return self._content[start : self._at]

    def number(self) -> int:
        return struct.unpack("=q", self.take(8))[0]

    def numbers(self) -> np.ndarray:
        return np.frombuffer(self.string(), np.int64)

    def string(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return self.string().decode("utf-8", "replace")

    def tensor(self) -> tuple[str, np.ndarray]:
        name, kind = self.text(), self.number()
        shape = [self.number() for _ in range(self.number())]
        if kind == STRING:
            rows = np.empty(int(np.prod(shape)), object)
            rows[:] = [self.string() for _ in range(rows.size)]
            return name, rows.reshape(shape)
        return name, np.frombuffer(self.string(), _DTYPES[kind]).reshape(shape).copy()

    def tensors(self) -> dict[str, np.ndarray]:
        return dict(self.tensor() for _ in range(self.number()))


def dtype_name(number: int) -> str:
    """The name of TensorFlow's dtype of this number: `string`, `int32`, ..."""
    if number == STRING or number not in _DTYPES:
        return "string" if number == STRING else f"dtype {number}"
    return np.dtype(_DTYPES[number]).name


def number(value: int) -> bytes:
    return struct.pack("=q", value)


def string(value: str | bytes) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return number(len(value)) + value


def request(
    signature: str,
    inputs: Mapping[str, np.ndarray],
    outputs: Iterable[str] | None = None,
    milliseconds: int = 0,
) -> bytes:
    """A request for some of the outputs of a signature, or for all."""
    names = None if outputs is None else list(outputs)
    parts = [number(1), string(signature), number(milliseconds), number(len(inputs))]
    parts += [_tensor(name, rows) for name, rows in inputs.items()]
    parts += [number(-1)] if names is None else [number(len(names)), *map(string, names)]
    return b"".join(parts)


def reply(outputs: Mapping[str, np.ndarray]) -> bytes:
    """The reply that holds these outputs, as `session.c` compares it."""
    tensors = [_tensor(name, rows) for name, rows in outputs.items()]
    return b"".join([number(0), number(0), number(len(tensors)), *tensors])


def _tensor(name: str, rows: np.ndarray) -> bytes:
    of_strings = rows.dtype == object or rows.dtype.kind in "US"
    kind = STRING if of_strings else _NUMBERS[rows.dtype]
    parts = [string(name), number(kind), number(rows.ndim), *map(number, rows.shape)]
    if of_strings:
        parts += map(string, rows.ravel().tolist())
    else:
        parts.append(string(np.ascontiguousarray(rows).tobytes()))
    return b"".join(parts)
