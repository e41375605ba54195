"""A hash that plain data carries of itself, by which a later change is noticed."""

import hashlib
import json
from typing import Any

_KEY = "seal"


def digest(value: Any) -> str:
    """SHA-256, in hexadecimal, of plain data as JSON with its keys in order.

    >>> digest({"a": 1, "b": [2.5, None]}) == digest({"b": [2.5, None], "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))  # ASCII, surrogates included
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sealed(values: dict[str, Any]) -> dict[str, Any]:
    """The same with one key more, `seal`, the digest of all others.

    >>> seal_holds(sealed({"units": 8})), seal_holds({**sealed({"units": 8}), "units": 9})
    (True, False)
    """
    return {**values, _KEY: digest(values)}


def seal_holds(values: dict[str, Any], required: bool = False) -> bool:
    """Whether nothing was changed since `sealed`; what has no seal, as earlier files, holds, too.

    Args:
        values: as `sealed` gave them, or as JSON gave them back.
        required: whether there must be a seal.
    """
    others = {name: value for name, value in values.items() if name != _KEY}
    return values[_KEY] == digest(others) if _KEY in values else not required
