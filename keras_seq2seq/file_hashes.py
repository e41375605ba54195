"""Which files belong together: their SHA-256, in a file beside them."""

import hashlib
import json
import pathlib
from typing import Any

from keras_seq2seq.atomic_file import FilePath, replacing

HASHES = "file_hashes.json"


def sha256_of(path: FilePath) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_hashes(directory: FilePath) -> dict[str, list[str]]:
    """What `expect_file` wrote down in a directory, by the names of the files; may be empty.

    Raises:
        ValueError: the record is broken.
    """
    path = pathlib.Path(directory) / HASHES
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and all(map(_is_list_of_hashes, found.values())):
        return found
    raise ValueError(f"{path} is broken: bring it back, or remove it to go without its check.")


def _is_list_of_hashes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def expect_file(directory: FilePath, name: str, content: FilePath) -> None:
    """Writes down that a file is about to get the content of another, or else stays as it is.

    Both are right from now on: whoever is killed before it has renamed the one to the other
    leaves a record that is true.

    Args:
        directory: where the file lies, and the record.
        name: that of the file.
        content: path of what it is about to become.
    """
    known = known_hashes(directory)
    new = sha256_of(content)
    known[name] = [new, *[old for old in known.get(name, [])[:1] if old != new]]
    with replacing(pathlib.Path(directory) / HASHES) as temporary:
        temporary.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def check_files(directory: FilePath, known: dict[str, list[str]] | None = None) -> None:
    """Complains where a file in a directory is not the one that was written down.

    Args:
        directory: where the files lie. Those that are not there are passed over.
        known: their hashes; default what was written down in the directory itself.

    Raises:
        ValueError: a file has another content.
    """
    directory = pathlib.Path(directory)
    for name, hashes in (known_hashes(directory) if known is None else known).items():
        path = directory / name
        if path.is_file() and (found := sha256_of(path)) not in hashes:
            raise ValueError(
                f"{path} is not the file that was written there: its SHA-256 is {found[:12]}, but "
                f"{' or '.join(text[:12] for text in hashes)} is expected. It was edited, or is "
                "that of another model: put the right one back."
            )
