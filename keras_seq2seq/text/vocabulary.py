"""What vocabularies are learnt from, and how pieces are found in them."""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.special_tokens import SPECIAL_TOKENS, UNK

_FIRST = len(SPECIAL_TOKENS)  # id of the first piece
_HASHES = 2**63 - 1


class PieceTable:
    """Pieces to ids, in the graph and in Python; a piece that is not there is UNK.

    It works by searching a sorted constant of hashes: there is no lookup table that would have to
    be initialized in a SavedModel. `surfaces` has the piece of every id; those of the special
    tokens never count.

    >>> PieceTable([b"", b"", b"", b"", b"go", b"home"]).ids_python([b"home", b"away"])
    [5, 1]
    """

    def __init__(self, surfaces: Sequence[bytes]):
        pieces = list(surfaces[_FIRST:])
        self._ids_python = {piece: i for i, piece in enumerate(pieces, _FIRST)}
        with tf.init_scope():  # the first use may be inside of a graph
            hashes = _hashes(tf.constant(pieces, tf.string)).numpy()
        order = np.argsort(hashes)
        # A last entry that no hash equals, so that every search ends inside.
        self._hashes = np.append(hashes[order], _HASHES)
        self._pieces = np.append(np.array(pieces, object)[order], b"")
        self._ids = np.append(order + _FIRST, UNK).astype("int32")

    def ids_python(self, pieces: Iterable[bytes]) -> list[int]:
        """The ids of a list of pieces."""
        return [self._ids_python.get(piece, UNK) for piece in pieces]

    def ids(self, pieces: tf.RaggedTensor) -> tf.RaggedTensor:
        """The int32 ids [B, (T)] of pieces, string [B, (T)]."""
        flat = pieces.flat_values
        place = tf.searchsorted(self._hashes, _hashes(flat))
        found = tf.gather(self._pieces, place) == flat
        return pieces.with_flat_values(tf.where(found, tf.gather(self._ids, place), UNK))


def _hashes(pieces: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_hash_bucket_fast(pieces, _HASHES)


def lines_to_learn(
    lines: Iterable[str], vocabulary_size: int, normalization: Normalization
) -> list[str]:
    """Normalizes a corpus, leaves out what is empty then, and raises if nothing can be learnt."""
    if not isinstance(vocabulary_size, int) or vocabulary_size <= _FIRST:
        raise ValueError(
            f"`vocabulary_size` must be an int of {_FIRST + 1} or more, received "
            f"{vocabulary_size!r}: {_FIRST} ids are for special tokens."
        )
    if isinstance(lines, (str, bytes)):
        raise ValueError("`lines` must be an iterable of str, received one string.")
    normalized = []
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, str):
            raise ValueError(f"Line {number} of the corpus is not a str: {line!r}.")
        normalized.append(normalization.normalize_python(line))
    if not any(normalized):
        raise ValueError(
            "The corpus is empty: there is no text to learn a vocabulary from. Pass at least "
            "one line that is not blank."
        )
    return list(filter(None, normalized))
