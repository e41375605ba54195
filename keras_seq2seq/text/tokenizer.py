"""The contract that every tokenizer keeps."""

import abc
import collections
import functools
import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.text import inputs
from keras_seq2seq.text.alignment import align_python, spans_of_pieces
from keras_seq2seq.text.alignment_in_graph import align
from keras_seq2seq.text.characters import replace_surrogates
from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.special_tokens import SPECIAL_TOKENS, UNK
from keras_seq2seq.text.vocabulary import PieceTable, lines_to_learn

Learnt = TypeVar("Learnt")

_DUMMY_SPACES = {"start": r"\A ", "end": r" \z"}


class Tokenizer(KnownNames, keras.layers.Layer, abc.ABC):
    """Text to ids and back, in a TensorFlow graph and in plain Python.

    Abstract. `tokenize` and `detokenize` run in `tf.data` and inside an exported SavedModel
    (`keras.export.ExportArchive().track(tokenizer)`); `tokenize_python` and `detokenize_python`
    give the same without TensorFlow. Ids 0 to 3 are those of `special_tokens`; tokenizing adds
    none of them and detokenizing drops PAD, BOS and EOS. Ids outside of the vocabulary are UNK.

    A `.keras` file holds the vocabulary as an asset, and its SHA-256 in the config: the vocabulary
    of another tokenizer is refused. A tokenizer that still waits for its vocabulary raises a
    ValueError on use.

    A new tokenizer implements `cut` and `cut_python`, and is known by its name everywhere once it
    is registered: `@TOKENIZERS.register("words")`. Its pieces put together are the text, but for
    a space that `dummy_space` takes away; a piece that the vocabulary lacks is UNK. Where only the
    first ids of a text are wanted, no more of it is cut than they need, if `longest_piece` says
    how many characters an id stands for at most, and no piece goes on behind a space; and nothing
    behind `inputs.FARTHEST` characters is looked at.

    Args:
        vocabulary: list of str, one piece each, from id 4 on, or `None` until `load_assets`.
        normalization: `Normalization`, its config as a dict, or `None` for `Normalization()`.
        **kwargs: of `keras.layers.Layer` (`name`, `dtype`, `trainable`).
    """

    piece = "piece"  # what messages call an item of the vocabulary
    asset_file = "vocabulary.txt"  # holds what was learnt, in the place of these arguments:
    asset_arguments: tuple[str, ...] = ("vocabulary",)
    dummy_space: str = ""  # "start" or "end" where cutting puts in a space that is no text
    longest_piece: int | None = None  # in characters, if it is known
    known_characters: tuple[int, ...] | None = (
        None  # code points, where others in a row are one UNK
    )

    def __init__(
        self,
        vocabulary: Sequence[str] | None = None,
        normalization: Normalization | dict | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if normalization is None or isinstance(normalization, dict):
            is_given = isinstance(normalization, dict)
            normalization = (
                Normalization.from_config(normalization) if is_given else Normalization()
            )
        if not isinstance(normalization, Normalization):
            raise ValueError(
                "`normalization` must be a Normalization, its config or None, "
                f"received {normalization!r}."
            )
        self.normalization = normalization
        self.built = True
        self.vocabulary: tuple[str, ...] | None = None
        self._awaited: str | None = None  # fingerprint of the vocabulary that is to be loaded
        self._refusal: ValueError | None = None
        if vocabulary is not None:
            self._set_vocabulary(vocabulary)

    # Text to ids

    def tokenize(self, text: Any, limit: int | None = None) -> tf.RaggedTensor | tf.Tensor:
        """Normalizes text and turns it into ids, of each text the first `limit`.

        A string tensor [B] or a list of str gives an int32 `RaggedTensor` [B, (T)]; one string
        gives an int32 tensor [T].
        """
        text = inputs.text_tensor(text)
        ids = self._encode(self._read(tf.reshape(text, [-1]), limit))[:, :limit]  # [B, (T)]
        return ids.flat_values if text.shape.rank == 0 else ids

    @functools.cached_property
    def compiled(self) -> dict[Any, Callable[..., Any]]:
        """Functions of TensorFlow that read by this vocabulary, each under a key of its maker's."""
        return {}

    def call(self, text: tf.Tensor) -> tf.RaggedTensor | tf.Tensor:
        """Does what `tokenize` does; as any Keras layer it takes tensors only."""
        return self.tokenize(text)

    def tokenize_python(self, text: str, limit: int | None = None) -> list[int]:
        """Turns one Python string into ids without TensorFlow; `tokenize` gives the same."""
        return self._encode_python(self.read_python(text, limit))[:limit]

    @abc.abstractmethod
    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Cuts normalized text, string [B], into pieces, string [B, (T)], one for each id."""

    @abc.abstractmethod
    def cut_python(self, text: str) -> list[bytes]:
        """Cuts one normalized str as `cut` does, into UTF-8; `learn` asks before it knows any."""

    def _encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Turns normalized text, string [B], into int32 ids [B, (T)]."""
        return self._pieces.ids(self.cut(text))

    def _encode_python(self, text: str) -> list[int]:
        return self._pieces.ids_python(self.cut_python(text))

    def tokenize_to_strings(self, text: Any, limit: int | None = None) -> tf.RaggedTensor:
        """What each id of `tokenize`, UNK too, stands for in this text: string [B, (T)]."""
        return self.cut(self._read(inputs.text_tensor(text), limit))[:, :limit]

    def spans_python(self, text: str, limit: int | None = None) -> list[tuple[int, int]]:
        """The (start, end) of each id of `tokenize_python`: what of the text became it.

        Bytes of one character share its span; a space that cutting put in is empty.
        """
        needed = self._characters(limit)
        if needed is not None:
            text = inputs.part_python(self.read_python, text, needed)
        normalized, spans = align_python(self.normalization, text)
        if self.known_characters is not None:
            kept = inputs.kept_python(normalized, self.known_characters, inside=False)
            normalized = "".join(normalized[start:end] for start, end in kept)
            spans = [span for start, end in kept for span in spans[start:end]]
        if needed is not None:
            normalized = inputs.cut_python(normalized, needed, inputs.SPACE)
            spans = spans[: len(normalized)]
        lengths = list(map(len, self.cut_python(normalized)))  # in bytes of UTF-8
        if lengths and self.dummy_space == "start":
            lengths[0] -= 1  # the space that is not there
        return spans_of_pieces(normalized, spans, lengths)[:limit]

    def spans(self, text: Any, limit: int | None = None) -> tuple[tf.RaggedTensor, ...]:
        """The starts and the ends of `spans_python` for texts [B], int32 [B, (T)], in any graph."""
        text, needed = inputs.text_tensor(text), self._characters(limit)
        if needed is not None:
            text = inputs.part(self._read, text, needed)
        aligned = align(self.normalization, text)
        if self.known_characters is not None:
            aligned = aligned.capped(self.known_characters)
        normalized = aligned.texts()
        if needed is not None:
            normalized = inputs.cut(normalized, needed, " ")
        dummy = int(self.dummy_space == "start")
        return aligned.spans(self._piece_lengths(normalized), normalized, dummy, limit)

    def _piece_lengths(self, text: tf.Tensor) -> tf.RaggedTensor:
        """How many bytes of normalized texts [B] each of their ids is: int32 [B, (T)]."""
        pieces = self.cut(text)
        return pieces.with_flat_values(tf.strings.length(pieces.flat_values))

    def _read(self, text: tf.Tensor, limit: int | None = None) -> tf.Tensor:
        """What shall be cut of texts [B]: normalized, and as much as the first `limit` ids need."""
        needed = self._characters(limit)
        if needed is not None:
            return inputs.begin(self._read, text, needed)
        text = self.normalization(text)
        known = self.known_characters
        return text if known is None else inputs.cap_runs(text, known, inside=False)

    def read_python(self, text: str, limit: int | None = None) -> str:
        """Does what `_read` does for one str."""
        needed = self._characters(limit)
        if needed is not None:
            return inputs.begin_python(self.read_python, text, needed)
        text = self.normalization.normalize_python(text)
        known = self.known_characters
        return text if known is None else inputs.cap_runs_python(text, known, inside=False)

    def _characters(self, limit: int | None) -> int | None:
        """How many characters of a normalized text hold its first `limit` ids for certain.

        An id stands for at most `longest_piece` characters, or for a run of unknown ones: one of
        at most `LONGEST_RUN` if the text is long, and a text that is not is left alone. What comes
        behind a space bears on no piece before it, so that a cut there changes none of them. In a
        word without end, the cut is so far behind that only pieces close to it could change.
        """
        if limit is None or self.longest_piece is None:
            return None if limit is None else inputs.FARTHEST
        return max(inputs.LONG_TEXT, limit * max(self.longest_piece, inputs.LONGEST_RUN))

    # Ids to text

    def detokenize(self, ids: Any, unknown: tf.Tensor | None = None) -> tf.Tensor:
        """Turns ids into text, a string tensor [B] or [...] that is always valid UTF-8.

        Args:
            ids: integer `RaggedTensor` [B, (T)] or tensor [..., T], or lists of int.
            unknown: string tensor [..., T], what to write where UNK stands in dense `ids`.
        """
        ids = inputs.id_tensor(ids)
        known = (ids >= 0) & (ids < self.vocabulary_size)
        ids = tf.where(known, ids, tf.constant(UNK, tf.int64))
        surfaces = tf.gather(self._surface_table, ids)  # [B, T]
        if unknown is not None:
            surfaces = tf.where(ids == UNK, unknown, surfaces)
        text = tf.strings.reduce_join(surfaces, axis=-1)  # [B]
        text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
        if self.dummy_space:
            text = tf.strings.regex_replace(text, _DUMMY_SPACES[self.dummy_space], "")
        return self.normalization.compose(text)

    def detokenize_python(self, ids: Iterable[int]) -> str:
        """Turns ids into one Python string without TensorFlow; `detokenize` gives the same."""
        table = self._surface_table
        surfaces = (table[i if 0 <= i < len(table) else UNK] for i in map(int, ids))
        text = b"".join(surfaces).decode("utf-8", "replace")
        if self.dummy_space == "start":
            text = text.removeprefix(" ")
        elif self.dummy_space == "end":
            text = text.removesuffix(" ")
        return self.normalization.compose_python(text)

    def surfaces(self) -> list[bytes]:
        """What each id stands for in the text, as bytes; nothing for PAD, BOS and EOS."""
        pieces = (piece.encode() for piece in self._require(self.vocabulary))
        return [b"", "\ufffd".encode(), b"", b"", *pieces]

    @functools.cached_property
    def _surface_table(self) -> np.ndarray:
        return np.array(self.surfaces(), dtype=object)

    @functools.cached_property
    def _pieces(self) -> PieceTable:
        return PieceTable(self.surfaces())

    # The vocabulary

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, the four special ones included."""
        return len(self._surface_table)

    @property
    def has_vocabulary(self) -> bool:
        """Whether the tokenizer can be used, or still waits for its vocabulary."""
        try:
            return self.vocabulary_size > 0
        except ValueError:
            return False

    def tokens(self) -> list[str]:
        """Returns the name of every id, in the order of the ids."""
        return [*SPECIAL_TOKENS, *self._require(self.vocabulary)]

    def id_to_token(self, i: int) -> str:
        """Returns the name of one id, such as `"</s>"` or `"▁the"`."""
        names = self._token_names
        if not 0 <= i < len(names):
            raise ValueError(f"There is no token {i}: expected an id from 0 to {len(names) - 1}.")
        return names[i]

    @functools.cached_property
    def _token_names(self) -> list[str]:
        return self.tokens()

    @classmethod
    def learn(
        cls, lines: Iterable[str], vocabulary_size: int, normalization: Normalization | None = None
    ) -> Self:
        """Takes the most frequent pieces of a corpus, equally frequent ones by code point.

        `vocabulary_size` is the most ids, the four special ones among them.
        """
        normalization = normalization or Normalization()
        lines = lines_to_learn(lines, vocabulary_size, normalization)
        cut = cls(normalization=normalization).cut_python
        counts = collections.Counter(piece for line in lines for piece in cut(line))
        kept = sorted(counts, key=lambda piece: (-counts[piece], piece))
        kept = kept[: vocabulary_size - len(SPECIAL_TOKENS)]
        return cls([piece.decode() for piece in kept], normalization)

    def _set_vocabulary(self, vocabulary: Sequence[str]) -> None:
        if isinstance(vocabulary, (str, bytes)) or not isinstance(vocabulary, Sequence):
            raise ValueError(
                f"`vocabulary` must be a list of {self.piece}s, received {vocabulary!r}."
            )
        seen = {}
        for place, item in enumerate(vocabulary):
            whole = isinstance(item, str) and replace_surrogates(item) == item
            if not whole or not self._is_piece(item):
                raise ValueError(
                    f"Item {place} of `vocabulary` must be one {self.piece}, received {item!r}."
                )
            if seen.setdefault(item, place) != place:
                raise ValueError(f"`vocabulary` has {item!r} twice, the second as item {place}.")
        self.vocabulary = tuple(seen)
        self._forget_tables()

    def _is_piece(self, item: str) -> bool:
        return bool(item)

    def _require(self, learnt: Learnt | None) -> Learnt:
        """What the tokenizer has learnt, or an error if there is nothing yet."""
        if learnt is None:
            raise ValueError(
                f"{type(self).__name__} {self.name!r} has no vocabulary yet. Pass "
                f"`{self.asset_arguments[0]}`, make the tokenizer by `learn(...)`, or load one by "
                "`load_assets(directory)`. What keras.models.clone_model makes has none: use "
                "model.copy()."
            )
        return learnt

    def _forget_tables(self) -> None:
        """Drops what was computed from an earlier vocabulary."""
        for name in ("_surface_table", "_pieces", "_token_names", "compiled"):
            self.__dict__.pop(name, None)

    # Saving

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "normalization": self.normalization.get_config()}
        if self.asset_arguments and self.has_vocabulary:
            config["fingerprint"] = self.fingerprint()
        return config | dict.fromkeys(self.asset_arguments)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        awaited = config.pop("fingerprint", None)  # earlier files have none
        tokenizer = cls(**config)
        tokenizer._awaited = awaited
        return tokenizer

    def fingerprint(self) -> str:
        """What tells a vocabulary from any other: the SHA-256 of its file, in hexadecimal."""
        return hashlib.sha256(self._asset()).hexdigest()

    def vocabulary_state(self) -> dict[str, Any]:
        """Returns what `tokenizer_from_state` rebuilds the tokenizer from, ready for JSON."""
        return {
            "class": type(self).__name__,
            "normalization": self.normalization.get_config(),
            "vocabulary": self._vocabulary(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuilds the tokenizer of this class that `vocabulary_state` described."""
        normalization = Normalization.from_config(state["normalization"])
        if not cls.asset_arguments:
            return cls(normalization=normalization)
        if state["vocabulary"] is None:
            raise ValueError(f"The state of a {cls.__name__} came without a vocabulary.")
        return cls(state["vocabulary"], normalization)

    def _vocabulary(self) -> str | list[str] | None:
        """The vocabulary as JSON can hold it."""
        return list(self._require(self.vocabulary))

    def _asset(self) -> bytes:
        """The vocabulary as a file holds it: JSON, since there may be newlines and U+0000 in it."""
        return json.dumps(self._vocabulary(), ensure_ascii=False).encode("utf-8")

    def _set_asset(self, content: bytes) -> None:
        self._set_vocabulary(json.loads(content))

    def save_assets(self, dir_path: str | os.PathLike) -> None:
        """Writes the vocabulary into a directory; Keras calls it when a model is saved."""
        content = self._asset()  # or an error, before a file is made
        with replacing(os.path.join(dir_path, self.asset_file)) as temporary:
            temporary.write_bytes(content)

    def load_assets(self, dir_path: str | os.PathLike | None) -> None:
        """Reads the vocabulary that `save_assets` wrote."""
        if dir_path is None:  # Keras looks under each name of a layer, and tells the last error
            raise self._refusal or ValueError(f"There is no vocabulary for {self.name!r}.")
        path = pathlib.Path(dir_path, self.asset_file)
        try:
            content = path.read_bytes()
            if self._awaited not in (None, hashlib.sha256(content).hexdigest()):
                raise ValueError("it is not the vocabulary that the model was saved with.")
            self._set_asset(content)
        except (OSError, ValueError) as error:
            self._refusal = ValueError(f"Cannot load a vocabulary from {path}: {error}")
            raise self._refusal from error
