"""How many rows a request may have."""

import pathlib
import re

from keras_seq2seq.export.manifest import BATCHING_OF_VERSION
from keras_seq2seq.serving.serving_error import invalid

DEFAULT = 1024
_MAX_BATCH_SIZE = re.compile(r"\bmax_batch_size\s*:?\s*\{\s*value\s*:\s*(\d{1,18})\s*[,;]?\s*\}")


def row_limit(directory: pathlib.Path) -> int:
    """The `max_batch_size` of a version's batching_params.pbtxt, or `DEFAULT` if there is none."""
    path = directory / BATCHING_OF_VERSION
    if not path.is_file():
        return DEFAULT
    text = re.sub("#.*", "", path.read_text("utf-8", errors="replace"))
    found = _MAX_BATCH_SIZE.search(text)
    return (int(found[1]) if found else 0) or DEFAULT


def check_rows(rows: int, most: int) -> None:
    """Refuses a request of more than `most` rows, in the words of a server that joins requests.

    Raises:
        ServingError: there are more.
    """
    if rows > most:
        raise invalid(f"Task size {rows} is larger than maximum input batch size {most}")
