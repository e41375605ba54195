"""What the signatures of one SavedModel have in common."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.export.signatures.signature import specs
from keras_seq2seq.models.decodable import GREEDY
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.framing import close, read_sources
from keras_seq2seq.text.inputs import lengths
from keras_seq2seq.text.special_tokens import EOS, PAD, UNK
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.text_models.unknown_tokens import most_attended

_TEXT = tf.TensorSpec([None], tf.string)
_IDS = tf.TensorSpec([None, None], tf.int32)
NO_INPUTS: Mapping[str, Any] = {}


class ServedModel:
    """A `TextSeq2Seq` for tracing: functions that several signatures call are in the graph once.

    So are the tables of the vocabularies, which stand in these functions.

    Args:
        model: a float32 `TextSeq2Seq`.
        replace_unknown: whether the most attended source token is written for UNK.
        shortlist: whether searches look at the model's shortlist; to draw needs all tokens.

    Attributes:
        max_source_length, max_target_length: the limits S and T.
    """

    def __init__(self, model: TextSeq2Seq, replace_unknown: bool = False, shortlist: bool = False):
        self.model = model
        self.seq2seq = model.seq2seq
        self.replace_unknown = replace_unknown
        self.shortlist = shortlist
        self._searches: dict[Any, Any] = {}
        self.max_source_length = model.max_source_length
        self.max_target_length = model.max_target_length

    def read(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Sources, string [B] -> ids int32 [B, S'], and bool [B]: whether a text was longer.

        S' is what the longest needs, at most S. Another rank is an error of this request alone.
        """
        return self._read(tf.ensure_shape(text, [None]))

    @functools.cached_property
    def _read(self) -> Any:
        def read(text: Tensor) -> tuple[Tensor, Tensor]:
            return read_sources(self.model.source_tokenizer, text, self.max_source_length)

        return _shared(read, _TEXT)

    def read_target(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Targets, string [B] -> ids int32 [B, T'], T' at most T, and bool [B]: whether all is in.

        A whole one ends with EOS; of a longer one the first T tokens are there.
        """
        return self._read_target(tf.ensure_shape(text, [None]))

    @functools.cached_property
    def _read_target(self) -> Any:
        def read(text: Tensor) -> tuple[Tensor, Tensor]:
            limit = self.max_target_length
            rows: Any = self.model.target_tokenizer.tokenize(text, limit)
            return close(rows)[:, :limit], rows.row_lengths() < limit

        return _shared(read, _TEXT)

    def search(
        self, ids: Tensor, options: SearchOptions = GREEDY, inputs: Mapping[str, Any] = NO_INPUTS
    ) -> SearchResult:
        """Searches for sources, ids [B, S'], with options [B] of the request's under `inputs`."""
        if self.shortlist and not options.sampling:
            options = dataclasses.replace(options, shortlist=True)
        key = options, tuple(inputs)
        if key not in self._searches:

            def search(ids: Tensor, *values: Tensor) -> SearchResult:
                given = dict(zip(inputs, values, strict=True))
                chosen = dataclasses.replace(options, **given)
                return self.seq2seq.search(ids, self.max_target_length, chosen)

            kinds = {name: OPTIONS[name].kind for name in inputs}
            self._searches[key] = _shared(search, _IDS, *specs([None], kinds))
        return self._searches[key](ids, *inputs.values())

    def score(self, ids: Tensor, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of targets [B, T], and attention [B, T, S'], of ids [B, S'] and [B, T]."""
        return self._score(ids, target_ids)

    @functools.cached_property
    def _score(self) -> Any:
        return _shared(self.seq2seq.score, _IDS, _IDS)

    def write(self, ids: Tensor, unknown: Tensor | None = None) -> Tensor:
        """Target ids [..., T] -> string [...]; `unknown`, string [..., T], stands for UNK."""
        if unknown is not None:
            return self.model.target_tokenizer.detokenize(ids, unknown=unknown)
        flat = tf.reshape(ids, [-1, tf.shape(ids)[-1]])
        return tf.reshape(self._write(flat), tf.shape(ids)[:-1])

    @functools.cached_property
    def _write(self) -> Any:
        return _shared(self.model.target_tokenizer.detokenize, _IDS)

    def unknown_words(self, text: Tensor, attention: Tensor) -> Tensor | None:
        """What to write for UNK, string [B, T], of attention [B, T, S]; `None` if that is UNK."""
        if not self.replace_unknown:
            return None
        strings: Any = self.model.source_tokenizer.tokenize_to_strings(text, self.max_source_length)
        return most_attended(attention, strings)

    def spans(self, text: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Which characters of texts [B] became each of ids [B, S']: first and end, int32 [B, S'].

        EOS is an empty place at the end of the text, and padding is 0.
        """
        tokenizer = self.model.source_tokenizer
        text = tf.where(tf.strings.regex_full_match(text, tokenizer.normalization.blank), "", text)
        starts, ends = (
            rows.to_tensor(0, shape=tf.shape(ids))
            for rows in tokenizer.spans(text, self.max_source_length - 1)
        )
        end = lengths(text)[:, tf.newaxis]  # [B, 1]
        return tf.where(ids == EOS, end, starts), tf.where(ids == EOS, end, ends)

    def source_names(self, ids: Tensor) -> Tensor:
        """Names of source tokens, ids [B, S'] -> string [B, S']; nothing for padding."""
        return tf.where(ids == PAD, "", self._source_names(ids))

    def target_names(self, ids: Tensor) -> Tensor:
        """Names of target tokens, ids [B, T] -> string [B, T]."""
        return self._target_names(ids)

    @functools.cached_property
    def _source_names(self) -> Any:
        return _names(self.model.source_tokenizer)

    @functools.cached_property
    def _target_names(self) -> Any:
        return _names(self.model.target_tokenizer)


def same_rows(values: Tensor, rows: Tensor) -> Tensor:
    """The same tensor [B], of which another number of rows than [B] is an error, never repeated."""
    return tf.reshape(tf.ensure_shape(values, [None]), rows)


def padded(values: Tensor, *widths: int, value: Any = 0) -> Tensor:
    """Tensor [B, ...] with each axis behind B filled up to its width, so that its shape is fixed.

    The width of a batch must not depend on who else is in it: servers join and split batches.
    """
    missing = [width - tf.shape(values)[axis] for axis, width in enumerate(widths, start=1)]
    paddings = tf.convert_to_tensor([[0, 0], *([0, count] for count in missing)])
    filled = tf.pad(values, paddings, constant_values=tf.cast(value, values.dtype))
    return tf.ensure_shape(filled, [None, *widths])


def length_of(ids: Tensor) -> Tensor:
    """Tokens before EOS: ids [B, T] -> int32 [B]."""
    return tf.reduce_sum(tf.cast((ids != PAD) & (ids != EOS), "int32"), axis=1)


def count_of(ids: Tensor, token: int = UNK) -> Tensor:
    """How often a token stands in each row: ids [B, T] -> int32 [B]."""
    return tf.reduce_sum(tf.cast(ids == token, "int32"), axis=-1)


def _names(tokenizer: Tokenizer) -> Any:
    names = np.array(tokenizer.tokens(), object)

    return _shared(lambda ids: tf.gather(names, ids), _IDS)


def _shared(function: Any, *specs: tf.TensorSpec) -> Any:
    return tf.function(function, input_signature=list(specs), autograph=False)
