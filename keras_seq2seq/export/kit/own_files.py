"""Files that a later export renews, unless somebody has changed them."""

import hashlib
import pathlib

from keras_seq2seq.atomic_file import replacing

_NOTE = "Written by keras-seq2seq; once it is edited, no later export touches it."
_COMMENT = {".md": ("<!-- ", " -->")}  # all others begin it by #


def write_own(path: pathlib.Path, text: str) -> bool:
    """Writes a file, unless one is there that was edited; returns whether it was written.

    The first line is a comment with a hash of the others, by which an edited file is known.
    """
    if path.exists() and not is_own(path):
        return False
    before, after = _COMMENT.get(path.suffix, ("# ", ""))
    with replacing(path) as temporary:
        content = f"{before}{_NOTE} {_digest(text)}{after}\n{text}"
        temporary.write_text(content, "utf-8", newline="\n")
    return True


def is_own(path: pathlib.Path) -> bool:
    """Whether a file is as `write_own` wrote it."""
    note, _, text = path.read_bytes().decode("utf-8", "replace").partition("\n")
    return _NOTE in note and _digest(text) in note


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
