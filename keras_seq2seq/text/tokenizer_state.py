"""A tokenizer as JSON, for the manifest beside an exported model."""

from __future__ import annotations

import base64
import binascii

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text.byte_tokenizer import ByteTokenizer
from keras_seq2seq.text.character_tokenizer import CharacterTokenizer
from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text.tokenizer import Tokenizer

_CLASSES = ("SentencePieceTokenizer", "CharacterTokenizer", "ByteTokenizer")


def tokenizer_from_state(state: dict) -> Tokenizer:
    """Rebuilds the tokenizer that `Tokenizer.vocabulary_state` described.

    Args:
        state: dict with the keys `"class"` (str), `"normalization"` (dict) and `"vocabulary"`
            (base64 str for SentencePiece, list of str for characters, `None` for bytes).

    Returns:
        A tokenizer that gives the same ids.

    Raises:
        ValueError: if a key is missing, the class unknown or the vocabulary damaged.

    Example:

    >>> tokenizer = CharacterTokenizer(["a", "b"])
    >>> tokenizer.vocabulary_state()["vocabulary"]
    ['a', 'b']
    >>> tokenizer_from_state(tokenizer.vocabulary_state()).tokenize_python("ba")
    [5, 4]
    """
    if not isinstance(state, dict):
        raise ValueError(f"A tokenizer state must be a dict, received {state!r}.")
    for key in ("class", "normalization", "vocabulary"):
        if key not in state:
            raise ValueError(f"The tokenizer state lacks the key {key!r}; it has {sorted(state)}.")
    normalization = Normalization.from_config(state["normalization"])
    name, vocabulary = state["class"], state["vocabulary"]
    if name == "SentencePieceTokenizer":
        try:
            proto = base64.b64decode(vocabulary, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise ValueError(
                "The vocabulary of a SentencePieceTokenizer state must be base64."
            ) from error
        return SentencePieceTokenizer(proto, normalization)
    if name == "CharacterTokenizer":
        if vocabulary is None:
            raise ValueError("The state of a CharacterTokenizer came without a vocabulary.")
        return CharacterTokenizer(vocabulary, normalization)
    if name == "ByteTokenizer":
        return ByteTokenizer(normalization)
    hint = did_you_mean(name, _CLASSES)
    raise ValueError(f"Unknown tokenizer class {name!r}: expected one of {_CLASSES}.{hint}")
