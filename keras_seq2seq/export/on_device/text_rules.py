"""How text becomes ids and ids become text, as plain data for programs without this package."""

import base64
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from sentencepiece import sentencepiece_model_pb2

from keras_seq2seq.text import inputs, letter_case
from keras_seq2seq.text.byte_tokenizer import ByteTokenizer
from keras_seq2seq.text.character_tokenizer import CharacterTokenizer
from keras_seq2seq.text.characters import (
    INVISIBLE,
    UNSEEN,
    WHITE_SPACE,
    code_points,
    combining_marks,
)
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text.special_tokens import UNK
from keras_seq2seq.text.tokenizer import Tokenizer

_KINDS = {1: "unigram", 2: "bpe"}  # of SentencePiece; it has two more


def clients_know(tokenizer: Tokenizer) -> bool:
    """Whether programs without this package can do what a tokenizer does."""
    if type(tokenizer) is SentencePieceTokenizer:
        return _proto(tokenizer).trainer_spec.model_type in _KINDS
    return type(tokenizer) in (ByteTokenizer, CharacterTokenizer)


def text_rules(source: Tokenizer, target: Tokenizer, source_limit: int) -> dict[str, Any]:
    """The entries of a manifest about text; docs/manifest.md says what each means.

    Args:
        source, target: tokenizers that `clients_know`; if both have the same vocabulary it is held
            once.
        source_limit: S.
    """
    records: list[dict[str, Any]] = []
    sides = {}
    for side, tokenizer in (("source", source), ("target", target)):
        record = _vocabulary(tokenizer)
        if record not in records:
            records.append(record)
        sides[side] = {
            "vocabulary": records.index(record),
            "normalization": tokenizer.normalization.get_config(),
        }
    sides["source"]["truncation"] = {
        "characters": source._characters(source_limit - 1),
        "long_text": inputs.LONG_TEXT,
        "longest_run": inputs.LONGEST_RUN,
        "farthest": inputs.FARTHEST,
    }
    return {"vocabularies": records, **sides, "tables": _tables()}


def ranges(codes: Iterable[int]) -> list[list[int]]:
    """Code points as [first, last] of each run of them.

    >>> ranges([99, 97, 98, 122])
    [[97, 99], [122, 122]]
    """
    found: list[list[int]] = []
    for code in sorted(codes):
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def _tables() -> dict[str, Any]:
    return {
        "white_space": ranges(code_points(WHITE_SPACE)),
        "invisible": ranges(code_points(INVISIBLE)),
        "unseen": ranges(code_points(UNSEEN)),
        "marks": ranges(combining_marks()),
        "greek": ranges(code_points(letter_case.GREEK)),
        "lower": [list(pair) for pair in sorted(letter_case.lower_table().items())],
    }


def _vocabulary(tokenizer: Tokenizer) -> dict[str, Any]:
    if type(tokenizer) is ByteTokenizer:
        return {"kind": "bytes"}
    if type(tokenizer) is CharacterTokenizer:
        return {"kind": "characters", "pieces": tokenizer.tokens()}
    return _sentencepiece(cast(SentencePieceTokenizer, tokenizer))


def _sentencepiece(tokenizer: SentencePieceTokenizer) -> dict[str, Any]:
    model = _proto(tokenizer)
    rules, known = model.normalizer_spec, tokenizer.known_characters
    # The rule that writes "▁" as a space changes nothing where spaces become "▁" anyway.
    none = tokenizer.reads_as_is and rules.escape_whitespaces and not rules.remove_extra_whitespaces
    return {
        "kind": _KINDS[model.trainer_spec.model_type],
        "pieces": [piece.piece for piece in model.pieces],
        # As short as float32 can be written: Python writes float64, with nine digits more.
        "scores": [float(str(np.float32(piece.score))) for piece in model.pieces],
        "types": "".join(str(piece.type) for piece in model.pieces),
        "add_dummy_prefix": rules.add_dummy_prefix,
        "remove_extra_whitespaces": rules.remove_extra_whitespaces,
        "escape_whitespaces": rules.escape_whitespaces,
        "treat_whitespace_as_suffix": model.trainer_spec.treat_whitespace_as_suffix,
        "byte_fallback": model.trainer_spec.byte_fallback,
        "charsmap": None if none else _base64(rules.precompiled_charsmap),
        "known_characters": None if known is None else ranges(known),
        "unknown_surface": tokenizer.surfaces()[UNK].decode(),
        "dummy_space": tokenizer.dummy_space,
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _proto(tokenizer: SentencePieceTokenizer) -> Any:
    return sentencepiece_model_pb2.ModelProto.FromString(tokenizer.proto)  # pyright: ignore[reportAttributeAccessIssue]
