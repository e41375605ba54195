"""Bodies of requests, read and quoted as the parser of TensorFlow Serving does."""

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from keras_seq2seq.serving.serving_error import ServingError, invalid

_INDENT = "    "
_QUOTED = 256  # bytes of a value that a message quotes

# What Python's parser says, and what RapidJSON says of the same.
_MESSAGES = {
    "Expecting value": "Invalid value.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Illegal trailing comma before end of object": "Missing a name for object member.",
    "Illegal trailing comma before end of array": "Invalid value.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid control character at": "Invalid encoding in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
}
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")  # if the other half is missing, it is refused


class _NumberTooBig(ValueError):
    pass


def parse_body(body: bytes) -> dict[str, Any]:
    """Reads the JSON object that a request is.

    Text that is no UTF-8 is kept as it is, see `encode_text`: the model decides on it.

    Raises:
        ServingError: it is none.
    """
    text = body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape").lstrip(" \t\r\n")
    if not text:
        raise invalid("JSON Parse error: The document is empty")
    start = len(body) - len(text.encode("utf-8", "surrogateescape"))
    try:
        value, _ = _DECODER.raw_decode(text)  # what follows the object is of no interest
    except json.JSONDecodeError as error:
        offset = start + len(text[: error.pos].encode("utf-8", "surrogateescape"))
        message = _message(error, text)
        raise invalid(f"JSON Parse error: {message} at offset: {offset}") from None
    except (_NumberTooBig, RecursionError) as error:
        problem = "Number too big to be stored in double."
        if isinstance(error, RecursionError):
            problem = "Values are nested too deeply."
        raise invalid(f"JSON Parse error: {problem} at offset: {start}") from None
    if _HALF_A_PAIR.search(text):
        encode_text(json.dumps(value, ensure_ascii=False))
    if not isinstance(value, dict):
        raise value_error(value, "Is not object")
    return value


def encode_text(text: str) -> bytes:
    """The bytes of a string of a body, which may be no UTF-8 where the body was none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from None


def value_error(value: Any, problem: str) -> ServingError:
    """A refusal that quotes a value."""
    return invalid(f"JSON Value: {quote_value(value)} {problem}")


def type_name(value: Any) -> str:
    """RapidJSON's name of a value's type."""
    if isinstance(value, bool):
        return str(value)
    names = {dict: "Object", list: "Array", str: "String", type(None): "Null"}
    return names.get(type(value), "Number")


def quote_value(value: Any) -> str:
    """A value as text for a message; of a long one the beginning."""
    parts, size = [], 0
    for part in _parts(value, 0):
        if size >= _QUOTED:
            break
        parts.append(part)
        size += len(part)
    return "".join(parts)


def quote_text(text: str) -> str:
    """A string between quotation marks, with what cannot stand in one escaped."""
    return json.dumps(text, ensure_ascii=False)


def _parts(value: Any, level: int) -> Iterator[str]:
    """Objects line by line, lists in one line."""
    if isinstance(value, dict):
        yield "{"
        for i, (name, inner) in enumerate(value.items()):
            yield f"{',' if i else ''}\n{_INDENT * (level + 1)}"
            yield quote_text(name)
            yield ": "
            yield from _parts(inner, level + 1)
        yield f"\n{_INDENT * level}}}" if value else "}"
    elif isinstance(value, list):
        yield "["
        for i, inner in enumerate(value):
            if i:
                yield ", "
            yield from _parts(inner, level + 1)
        yield "]"
    elif isinstance(value, str):
        yield quote_text(value)
    else:
        yield json.dumps(value)


def _message(error: json.JSONDecodeError, text: str) -> str:
    if error.msg == "Expecting ',' delimiter":
        return f"Missing a comma or {_container(text[: error.pos])}"
    return _MESSAGES.get(error.msg, error.msg)


def _container(before: str) -> str:
    """Whether the value that is not closed yet is an object or a list."""
    depth, in_string, escaped = [], False, False
    for letter in before:
        if in_string:
            escaped, in_string = letter == "\\" and not escaped, letter != '"' or escaped
        elif letter == '"':
            in_string = True
        elif letter in "{[":
            depth.append(letter)
        elif letter in "}]":
            depth.pop()
    is_object = depth and depth[-1] == "{"
    return "'}' after an object member." if is_object else "']' after an array element."


def _whole(digits: str) -> int:
    if len(digits) > 300:  # those of a double are no more; it takes long to read a million
        _decimal(digits)
    return int(digits)


def _decimal(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _NumberTooBig
    return value


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of members with one name the first is found."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else dict(reversed(pairs))


_DECODER = json.JSONDecoder(
    object_pairs_hook=_first_of_each, parse_int=_whole, parse_float=_decimal
)
