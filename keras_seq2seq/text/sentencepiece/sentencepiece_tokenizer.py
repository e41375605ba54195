"""Tokens that are pieces of words, learned by SentencePiece."""

import base64
import hashlib
import io
import os
import pathlib
import re
import tempfile
from collections.abc import Iterable
from typing import Any, Self

import keras
import sentencepiece
import tensorflow as tf
import tensorflow_text
from sentencepiece import sentencepiece_model_pb2
from tensorflow_text.python.ops.sentencepiece_tokenizer import gen_sentencepiece_tokenizer

from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD, SPECIAL_TOKENS, UNK
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text.vocabulary import lines_to_learn

MODEL_TYPES = ("unigram", "bpe")

# SentencePiece leaves out lines of more than `max_sentence_length` bytes without a word. Longer
# ones are cut instead; a character has at most four bytes.
_LONGEST_LINE = 4096
_SPACE = "\u2581"
_Model = sentencepiece_model_pb2.ModelProto  # pyright: ignore[reportAttributeAccessIssue]

# Normalization is ours: the text that comes to SentencePiece is to stay as it is. The one rule
# writes the mark for the space as the space it stands for, which changes nothing; with no rule at
# all (`identity`), every process that loads the model is told so on standard error.
_RULES = "2581\t20\n"
_CHARSMAP_OF_RULES = "fc061900a3263f0deaf2e88506d726d7e027f6dbcd25d6169c299594abe990fe"  # SHA-256
_SPECIAL_IDS = (PAD, UNK, BOS, EOS)
_SPECIAL_PIECES = ("pad_piece", "unk_piece", "bos_piece", "eos_piece")
_TRAINER_OPTIONS = {
    **dict(zip(("pad_id", "unk_id", "bos_id", "eos_id"), _SPECIAL_IDS, strict=True)),
    # The trainer takes the names of special tokens out of the corpus. No text has these, which end
    # in a space, since it sees spaces as U+2581; a finished model never looks for them in text.
    **{key: f"{name} " for key, name in zip(_SPECIAL_PIECES, SPECIAL_TOKENS, strict=True)},
    "remove_extra_whitespaces": False,
    "add_dummy_prefix": True,
    "max_sentence_length": 4 * _LONGEST_LINE,
    "num_threads": 2,
}
# The trainer leaves out lines with "▅" and does not count U+001F, as it has a use for both itself.
# A finished model has none. (It cannot hold U+0000, which ends its strings, either way.)
_TRAINER_ONLY = "\u2585\x1f"


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class SentencePieceTokenizer(Tokenizer):
    """Subword pieces of a SentencePiece model, unigram or BPE.

    In the graph ids come from `tensorflow_text.SentencepieceTokenizer`, in Python from the
    sentencepiece package. Text is put together by this class in both places, because the two
    disagree on spaces at the start of a text.

    The normalized text comes back if the vocabulary has all of its characters or was learned with
    `byte_fallback=True`, but for U+2581 "▁", SentencePiece's mark for the space, which becomes
    U+0020. UNK becomes " ⁇ ", and bytes that do not form UTF-8 become U+FFFD.

    Args:
        proto: bytes of a SentencePiece model whose special tokens are 0 to 3, or the path of one,
            which `from_config` refuses, so that a `.keras` file from elsewhere reads no files.
            `None` if it is to come by `load_assets`.
        normalization: `Normalization`, its config as a dict, or `None` for `Normalization()`.
        **kwargs: of `keras.layers.Layer`.

    Raises:
        ValueError: if `proto` is not a SentencePiece model or has other special ids.

    Example:

    >>> lines = ["a cat sat on a mat", "a rat sat on a cat"]
    >>> tokenizer = SentencePieceTokenizer.learn(lines, vocabulary_size=20)
    >>> tokenizer.detokenize(tokenizer.tokenize(["a rat on a mat", ""])).numpy().tolist()
    [b'a rat on a mat', b'']

    References: [Kudo and Richardson, 2018](https://arxiv.org/abs/1808.06226),
    [Kudo, 2018](https://arxiv.org/abs/1804.10959) (unigram).
    """

    asset_file = "vocabulary.spm"
    asset_arguments = ("proto",)
    reads_as_is: bool = True  # whether the model's own rules change no text

    def __init__(
        self,
        proto: bytes | str | os.PathLike | None = None,
        normalization: Normalization | dict | None = None,
        **kwargs: Any,
    ):
        super().__init__(None, normalization, **kwargs)
        self.proto = self._processor = self._graph_tokenizer = self._graph_splitter = None
        if isinstance(proto, (str, os.PathLike)):
            try:
                proto = pathlib.Path(proto).read_bytes()
            except OSError as error:
                what = f"Cannot read a SentencePiece model from {os.fspath(proto)!r}: {error}"
                raise ValueError(what) from error
        if proto is not None:
            self._set_asset(proto)

    @classmethod
    def learn(
        cls,
        lines: Iterable[str],
        vocabulary_size: int,
        normalization: Normalization | None = None,
        *,
        model_type: str = "unigram",
        character_coverage: float = 1.0,
        byte_fallback: bool = False,
    ) -> Self:
        """Learns pieces from a corpus; the same lines give the same pieces.

        Args:
            lines: iterable of str.
            vocabulary_size: int. Most ids, special ones included; a small corpus gives fewer.
            normalization: `Normalization`, or `None` for `Normalization()`.
            model_type: `"unigram"` or `"bpe"`.
            character_coverage: float from 0.98 to 1. Share of the corpus's characters to keep.
            byte_fallback: bool. Spell other characters in bytes, for 256 ids, instead of UNK.

        Raises:
            ValueError: if the corpus is empty or `vocabulary_size` too small for its characters.
        """
        if model_type not in MODEL_TYPES:
            raise ValueError(f"Unknown `model_type` {model_type!r}: expected one of {MODEL_TYPES}.")
        if not 0.98 <= character_coverage <= 1:
            raise ValueError(
                f"`character_coverage` must be from 0.98 to 1, received {character_coverage}."
            )
        normalization = normalization or Normalization()
        lines = lines_to_learn(lines, vocabulary_size, normalization)
        stand_ins = _stand_ins(lines)
        back = {ord(stand_in): chr(code) for code, stand_in in stand_ins.items()}
        model = io.BytesIO()
        sentencepiece.set_min_log_level(2)  # it reports every step otherwise
        with tempfile.TemporaryDirectory() as directory:
            rules = pathlib.Path(directory, "rules.tsv")
            rules.write_text(_RULES, "ascii")
            try:
                sentencepiece.SentencePieceTrainer.train(
                    sentence_iterator=(
                        line[start : start + _LONGEST_LINE]
                        for line in (line.translate(stand_ins) for line in lines)
                        for start in range(0, len(line), _LONGEST_LINE)
                    ),
                    model_writer=model,
                    model_type=model_type,
                    vocab_size=vocabulary_size,
                    hard_vocab_limit=False,
                    character_coverage=character_coverage,
                    byte_fallback=byte_fallback,
                    normalization_rule_tsv=str(rules),
                    **_TRAINER_OPTIONS,
                )
            except RuntimeError as error:
                raise _training_error(error, vocabulary_size, character_coverage) from error
        proto = _Model.FromString(model.getvalue())
        proto.normalizer_spec.ClearField("normalization_rule_tsv")  # the name of a temporary file
        for i, key, name in zip(_SPECIAL_IDS, _SPECIAL_PIECES, SPECIAL_TOKENS, strict=True):
            proto.pieces[i].piece = name
            setattr(proto.trainer_spec, key, name)
        for piece in proto.pieces if back else ():
            piece.piece = piece.piece.translate(back)
        return cls(proto.SerializeToString(deterministic=True), normalization)

    def _encode_python(self, text: str) -> list[int]:
        return self.processor.encode(text)

    def _encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        return self._require(self._graph_tokenizer).tokenize(text)

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        pieces = self._require(self._graph_splitter).tokenize(text)
        return pieces.with_flat_values(tf.strings.regex_replace(pieces.flat_values, _SPACE, " "))

    def _piece_lengths(self, text: tf.Tensor) -> tf.RaggedTensor:
        lengths = super()._piece_lengths(text)
        is_byte = [self.processor.is_byte(i) for i in range(self.vocabulary_size)]
        if not any(is_byte):
            return lengths
        of_bytes = tf.gather(is_byte, self._encode(text).flat_values)
        return lengths.with_flat_values(tf.where(of_bytes, 1, lengths.flat_values))

    def cut_python(self, text: str) -> list[bytes]:
        ids, pieces = (self.processor.encode(text, out_type=kind) for kind in (int, str))
        return [self._surface(i, piece) for i, piece in zip(ids, pieces, strict=True)]

    def tokens(self) -> list[str]:
        processor = self.processor
        return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]

    def surfaces(self) -> list[bytes]:
        surfaces = [self._surface(i, piece) for i, piece in enumerate(self.tokens())]
        surfaces[UNK] = self.processor.decode([UNK]).encode()
        return surfaces

    def _surface(self, i: int, piece: str) -> bytes:
        if self.processor.is_byte(i):
            return bytes([int(piece[1:-1], 16)])
        return b"" if self.processor.is_control(i) else piece.replace(_SPACE, " ").encode()

    def _set_asset(self, content: bytes) -> None:
        processor = sentencepiece.SentencePieceProcessor()
        try:
            processor.LoadFromSerializedProto(content)
        except (RuntimeError, TypeError) as error:
            raise ValueError("`proto` is not a SentencePiece model.") from error
        ids = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
        if ids != _SPECIAL_IDS:
            raise ValueError(
                f"The SentencePiece model has pad, unk, bos, eos at {ids}: expected "
                f"{_SPECIAL_IDS}. Train it again with pad_id=0, unk_id=1, bos_id=2, eos_id=3, or "
                "by SentencePieceTokenizer.learn."
            )
        self.proto, self._processor = content, processor
        pieces = "".join(processor.encode("a", out_type=str))
        front, back = pieces.startswith(_SPACE), pieces.endswith(_SPACE)
        self.dummy_space = "start" if front else "end" if back else ""
        self._bound(_Model.FromString(content))
        # Outside of any graph under construction, so that every graph can use the resource.
        with tf.init_scope():
            self._graph_tokenizer = _in_graph(content, tf.int32)
            self._graph_splitter = _in_graph(content, tf.string)
        self._forget_tables()

    def _bound(self, model: Any) -> None:
        """Finds out how long pieces are, if the model reads text as it is and word by word."""
        self.longest_piece = self.known_characters = None
        spec, kinds = model.normalizer_spec, _Model.SentencePiece
        rules = spec.precompiled_charsmap
        self.reads_as_is = hashlib.sha256(rules).hexdigest() == _CHARSMAP_OF_RULES or not rules
        if spec.remove_extra_whitespaces or not self.reads_as_is:
            return
        types = {piece.type for piece in model.pieces}
        spelt = (kinds.NORMAL, kinds.USER_DEFINED, kinds.UNUSED)
        pieces = [piece.piece for piece in model.pieces if piece.type in spelt]
        known = {ord(character) for piece in pieces for character in piece}
        if kinds.BYTE not in types:  # which has no use for UNK
            self.known_characters = tuple(sorted(known | set(map(ord, f" {_SPACE}"))))
        if ord(_SPACE) in known and not any(_SPACE in piece[1:] for piece in pieces):
            self.longest_piece = max(map(len, pieces))

    @property
    def processor(self) -> sentencepiece.SentencePieceProcessor:
        """The SentencePiece model, for what this class does not offer."""
        return self._require(self._processor)

    def _vocabulary(self) -> str:
        return base64.b64encode(self._asset()).decode("ascii")

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        try:
            proto = base64.b64decode(state["vocabulary"], validate=True)
        except (TypeError, ValueError) as error:  # binascii.Error is a ValueError
            raise ValueError(f"The vocabulary of a {cls.__name__} state must be base64.") from error
        return cls(proto, Normalization.from_config(state["normalization"]))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        if isinstance(config.get("proto"), (str, os.PathLike)):
            raise ValueError(
                f"A config must not name a vocabulary file, received proto={config['proto']!r}. "
                "Pass the path to the constructor of SentencePieceTokenizer instead."
            )
        return super().from_config(config)

    def _asset(self) -> bytes:
        return self._require(self.proto)


class _Resource(tf.saved_model.experimental.TrackableResource):
    """A SentencePiece model that lives as long as the process.

    tensorflow-text's own resource belongs to a kernel in the eager cache: setting a random seed
    empties that cache, and every tokenizer made before would fail with `Resource ... does not
    exist`. A resource with a name is shared by all of its kernels and outlives them.
    """

    def __init__(self, proto: bytes):
        super().__init__()
        self._proto = proto
        self._shared_name = f"sentencepiece_{hashlib.sha256(proto).hexdigest()}"
        _ = self.resource_handle  # makes the resource

    def _create_resource(self) -> tf.Tensor:
        make = gen_sentencepiece_tokenizer.sentencepiece_op
        return make(model=self._proto, shared_name=self._shared_name)


def _stand_ins(lines: Iterable[str]) -> dict[int, str]:
    """Characters that the corpus lacks for those of `_TRAINER_ONLY` that it has."""
    used = set().union(*lines)
    free = (c for c in map(chr, range(0x10FFFF, 0, -1)) if c not in used)
    return {ord(c): stand_in for c, stand_in in zip(_TRAINER_ONLY, free, strict=False) if c in used}


def _in_graph(proto: bytes, kind: tf.DType) -> tensorflow_text.SentencepieceTokenizer:
    """tensorflow-text's tokenizer over a resource that stays, giving ids or strings."""
    tokenizer = tensorflow_text.SentencepieceTokenizer(proto, out_type=kind)
    tokenizer._model_resource = _Resource(proto)
    return tokenizer


def _training_error(error: RuntimeError, size: int, coverage: float) -> ValueError:
    """Says in words what SentencePiece says in its own."""
    needed = re.search(r"Vocabulary size is smaller than required_chars. \d+ vs (\d+)", str(error))
    if not needed:
        return ValueError(f"SentencePiece could not learn from this corpus: {error}")
    return ValueError(
        f"`vocabulary_size` {size} is too small: the special tokens, the bytes (if "
        f"byte_fallback) and the characters of this corpus alone take {needed[1]} ids. Raise "
        f"vocabulary_size to more than {needed[1]}, or lower character_coverage (now "
        f"{coverage}) so that rare characters are left out."
    )
