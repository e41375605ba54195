"""Which names of directories are versions of a model."""

_END = 2**63  # a server counts in int64


def is_version_name(name: str) -> bool:
    """Whether a directory of this name is a version: digits, of a number that a server can bear.

    `str.isdigit` alone would not do: it is true of "²", of which `int` makes no number, and of
    numbers that no reply of a server can hold.

    Args:
        name: Of the directory, without its parents.

    Example:

    ```python
    [path for path in base.iterdir() if is_version_name(path.name)]
    ```
    """
    digits = name.lstrip("0")
    is_number = name.isascii() and name.isdigit()
    return is_number and len(digits) < 20 and int(digits or "0") < _END
