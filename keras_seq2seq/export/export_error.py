"""What goes wrong when artefacts are written or read."""


class ExportError(ValueError):
    """An artefact cannot be written or read, or does not do what the model does.

    Example:

    ```python
    open_artefact("ko_en.tflite")  # ko_en.tflite.json is missing: the vocabularies stand in it. ...
    ```
    """


def first_line(error: BaseException) -> str:
    """The first line of a library's error that is no heading; its type if it says nothing."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.endswith(":")]
    return said[0] if said else type(error).__name__
