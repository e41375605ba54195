"""What tells one corpus from another, and one installation from another."""

import hashlib
import os
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_spec import corpus_files, phrasebook_split
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.onednn import SWITCH
from keras_seq2seq.version import __version__

if TYPE_CHECKING:  # it needs NumPy, and the command line reads this file for --help
    from keras_seq2seq.data.cache.scanned_corpus import ScannedCorpus

_PACKAGES = ("tensorflow", "keras", "tensorflow-text", "numpy", "sentencepiece")


def data_fingerprint(pairs: "SentencePairs | ScannedCorpus") -> dict[str, Any]:
    """The fingerprint of the pairs that a run reads, as they are after cleaning.

    Returns:
        dict of `origin`, `files` (list of `{"name", "bytes"}`), `pairs` (their number) and
        `sha256` over all sentences in their order; of a large corpus, over its files.

    Example:

    >>> from keras_seq2seq.data import SentencePairs
    >>> data_fingerprint(SentencePairs(["a"], ["b"]))["sha256"][:8]
    '5dd11978'
    """
    large = not isinstance(pairs, SentencePairs)
    return {
        "origin": pairs.origin,
        "files": _files(pairs.origin),
        "pairs": len(pairs),
        "sha256": pairs.corpus.fingerprint if large else _sha256_of(pairs),
    }


def _sha256_of(pairs: SentencePairs) -> str:
    digest = hashlib.sha256()
    for source, target in pairs:
        # No sentence holds a tab or a line feed that a reader would have split at.
        digest.update(f"{source}\t{target}\n".encode())
    return digest.hexdigest()


def _files(origin: str) -> list[dict[str, Any]]:
    try:
        if origin == "memory" or phrasebook_split(origin) is not None:
            return []
        names = [name for group in corpus_files(origin) for name in group]
    except CorpusError:  # pairs that were held out, or made by hand
        return []
    return [{"name": name, "bytes": os.path.getsize(name)} for name in names]


def versions() -> dict[str, str | int | None]:
    """What the numbers of a run depend on besides its configuration and data."""
    found = {"python": platform.python_version(), "keras_seq2seq": __version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    machine = {"platform": platform.platform(), "cpus": os.cpu_count()}
    return {**found, **machine, "onednn": os.environ.get(SWITCH, "as TensorFlow decides")}
