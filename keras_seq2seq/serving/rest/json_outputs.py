"""From arrays to the JSON of a reply, byte for byte as TensorFlow Serving writes it."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from keras_seq2seq.serving.rest.json_document import quote_text
from keras_seq2seq.serving.serving_error import invalid

_INDENT = "    "


def write_rows(arrays: Mapping[str, np.ndarray]) -> bytes:
    """`{"predictions": [...]}`: for each instance a value, or an object of several outputs.

    Raises:
        ServingError: an output has no batch axis, or another number of rows.
    """
    count = -1
    for name, array in sorted(arrays.items()):
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if count not in (-1, len(array)):
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {count}"
            )
        count = len(array)
    named = len(arrays) > 1
    columns = {
        name: _rows(array, _writer(name, array, (3 if named else 2) + array.ndim))
        for name, array in sorted(arrays.items())
    }
    outer, inner = f"\n{_INDENT * 2}", f"\n{_INDENT * 3}"
    if not named:
        items = ", ".join(next(iter(columns.values())))
    else:
        items = ",".join(
            f"{outer}{{{inner}"
            + f",{inner}".join(
                f"{quote_text(name)}: {next(rows)}" for name, rows in columns.items()
            )
            + f"{outer}}}"
            for _ in range(count)
        )
    end = f"\n{_INDENT}" if count else ""
    return _encoded(f'{{\n{_INDENT}"predictions": [{items}{end}]\n}}')


def write_columns(arrays: Mapping[str, np.ndarray]) -> bytes:
    """`{"outputs": ...}`: the only output, or an object of several."""
    named = len(arrays) > 1
    level = 2 if named else 1
    columns = {
        name: _column(array, _writer(name, array, level + 1 + array.ndim), level)
        for name, array in sorted(arrays.items())
    }
    if not named:
        return _encoded(f'{{\n{_INDENT}"outputs": {next(iter(columns.values()))}\n}}')
    start = f"\n{_INDENT * 2}"
    items = ",".join(f"{start}{quote_text(name)}: {text}" for name, text in columns.items())
    return _encoded(f'{{\n{_INDENT}"outputs": {{{items}\n{_INDENT}}}\n}}')


def write_error(message: str) -> bytes:
    """`{"error": ...}`."""
    return _encoded(f'{{\n{_INDENT}"error": {quote_text(message)}\n}}')


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _rows(array: np.ndarray, write: Callable[[Any], str]) -> Iterator[str]:
    """The values of each row, in one line."""

    def nested(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(nested, value))}]"
        return write(value)

    return map(nested, array.tolist())


def _column(array: np.ndarray, write: Callable[[Any], str], level: int) -> str:
    """All values, each in a line of its own."""

    def nested(value: Any, level: int) -> str:
        if not isinstance(value, list):
            return write(value)
        if not value:
            return "[]"
        start = f"\n{_INDENT * (level + 1)}"
        items = f",{start}".join(nested(inner, level + 1) for inner in value)
        return f"[{start}{items}\n{_INDENT * level}]"

    return nested(array.tolist(), level)


def _writer(name: str, array: np.ndarray, level: int) -> Callable[[Any], str]:
    """A function that writes one value of an array; `level` is how deep members of one stand."""
    kind = array.dtype
    if kind.kind == "O":
        if not name.endswith("_bytes"):
            return lambda value: quote_text(value.decode("utf-8", "surrogateescape"))
        start, end = f"\n{_INDENT * level}", f"\n{_INDENT * (level - 1)}"
        return lambda value: f'{{{start}"b64": "{base64.b64encode(value).decode()}"{end}}}'
    if kind.kind == "b":
        return lambda value: "true" if value else "false"
    if kind in (np.float32, np.float64):
        return lambda value: _decimal(value, kind.type)
    if kind in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint32, np.uint64):
        return str
    raise invalid(f"Failed to write JSON value for tensor type: {kind.name}")


def _decimal(value: float, kind: type[np.floating]) -> str:
    """Six digits if they say all, else as many as it takes to read the same number again."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    text = f"{value:.6g}"
    if kind(float(text)) != value:
        text = f"{value:.{9 if kind is np.float32 else 17}g}"
    return text if "." in text or "e" in text else f"{text}.0"
