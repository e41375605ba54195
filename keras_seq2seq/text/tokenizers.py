"""Tokenizers by name, and back from JSON; open to those from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_seq2seq.specs.registry import Registry

if TYPE_CHECKING:
    from keras_seq2seq.text.tokenizer import Tokenizer

# The names that a configuration writes. Paths, so that one is checked without TensorFlow.
TOKENIZERS = Registry(
    "tokenizer",
    sentencepiece="keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer.SentencePieceTokenizer",
    character="keras_seq2seq.text.character_tokenizer.CharacterTokenizer",
    byte="keras_seq2seq.text.byte_tokenizer.ByteTokenizer",
)


def tokenizer_from_state(state: dict[str, Any]) -> Tokenizer:
    """Rebuilds the tokenizer, of one of `TOKENIZERS`, that `vocabulary_state` described.

    Raises:
        ValueError: if a key is missing, the class unknown or the vocabulary damaged.
    """
    if not isinstance(state, dict):
        raise ValueError(f"A tokenizer state must be a dict, received {state!r}.")
    for key in ("class", "normalization", "vocabulary"):
        if key not in state:
            raise ValueError(f"The tokenizer state lacks the key {key!r}; it has {sorted(state)}.")
    return TOKENIZERS.of_class(state["class"]).from_state(state)
