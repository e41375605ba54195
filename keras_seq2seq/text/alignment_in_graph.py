"""Does what `alignment` does inside of a TensorFlow graph, for many texts at once.

All of it is in raw operators on the characters of all texts in one row: ragged tensors check
themselves, which makes the first run of a graph slow.
"""

import dataclasses
import functools
from typing import NamedTuple

import tensorflow as tf

from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.characters import JOINING, WHITE_SPACE, code_points, combining_marks
from keras_seq2seq.text.inputs import are_among, stays_of_runs
from keras_seq2seq.text.normalization import Normalization

_CLUSTERS, _WORDS = 0, 1  # what a text is normalized by; beyond, it is the whole text


class Aligned(NamedTuple):
    """Normalized texts [B] by their characters, those of all texts in one row [C].

    Args:
        codes: int32 [C], code points.
        splits: int64 [B + 1], where each text begins, and the last one ends.
        starts: int32 [C], where what became this character begins in the text as it was given.
        ends: int32 [C], where it ends.

    Example:

    >>> align(Normalization("NFC"), tf.constant(["  e\\u0301  a"])).starts.numpy().tolist()
    [2, 4, 6]
    """

    codes: Tensor
    splits: Tensor
    starts: Tensor
    ends: Tensor

    def texts(self) -> Tensor:
        """The normalized texts, string [B]."""
        return _encoded(self.codes, self.splits)

    def kept(self, stays: Tensor) -> "Aligned":
        """What is left where only those characters stay for which bool [C] says so."""
        count = tf.cumsum(tf.concat([[0], tf.cast(stays, tf.int64)], axis=0))
        places = tf.where(stays)[:, 0]
        codes, starts, ends = (tf.gather(x, places) for x in (self.codes, self.starts, self.ends))
        return Aligned(codes, tf.gather(count, self.splits), starts, ends)

    def capped(self, codes: tuple[int, ...]) -> "Aligned":
        """What `cap_runs` leaves of runs of characters that are not among `codes`."""
        return self.kept(stays_of_runs(self.splits, self.codes, codes, inside=False))

    def spans(
        self, lengths: tf.RaggedTensor, text: Tensor, dummy: int, limit: int | None
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Where pieces start and end in the texts as they were given, both int32 [B, (T)].

        Args:
            lengths: int32 [B, (T)], the bytes of each piece.
            text: string [B], the normalized texts, as far as they were cut into pieces.
            dummy: int. Bytes at the start of the first piece that are not in the text.
            limit: int or None. How many pieces of each text are asked for.
        """
        lengths, of_texts = lengths.flat_values, lengths.row_splits
        row = _owners(of_texts, tf.size(lengths, tf.int64))
        place = tf.range(tf.size(lengths, tf.int64)) - tf.gather(of_texts, row)
        end = tf.cumsum(lengths)
        end -= tf.gather(tf.gather(tf.concat([[0], end], axis=0), of_texts), row)
        size = tf.gather(tf.strings.length(text), row)
        start, end = (  # in bytes of the text
            tf.clip_by_value(x - dummy, 0, size) for x in (end - lengths, end)
        )
        # To the characters that hold the first and the last byte.
        byte_ends = tf.cumsum(_widths(self.codes))
        first_byte = tf.gather(tf.gather(tf.concat([[0], byte_ends], axis=0), self.splits), row)
        starts, ends = (tf.concat([x, [0]], axis=0) for x in (self.starts, self.ends))
        begin = tf.where(size > 0, tf.gather(starts, _search(byte_ends, first_byte)), 0)
        last = tf.gather(ends, _search(byte_ends, first_byte + end - 1))
        last = tf.where(end > 0, last, begin)
        first = tf.gather(starts, _search(byte_ends, first_byte + start))
        first = tf.where(start < end, first, last)  # a space that cutting put in is empty
        if limit is not None:
            asked = tf.where(place < limit)[:, 0]
            first, last = tf.gather(first, asked), tf.gather(last, asked)
            of_texts = tf.minimum(of_texts[1:] - of_texts[:-1], limit)
            of_texts = tf.cumsum(tf.concat([[0], of_texts], axis=0))
        rows = functools.partial(
            tf.RaggedTensor.from_row_splits,  # pyright: ignore[reportAttributeAccessIssue]
            row_splits=of_texts,
            validate=False,
        )
        return rows(first), rows(last)


def align(normalization: Normalization, text: Tensor) -> Aligned:
    """Normalizes texts, string [B], and says which of their characters became which.

    As in `align_python`, each cluster of characters is normalized by itself; where this is not
    what the whole text gives, for a neighbour further away bears on it, each word; or else the
    text.
    """
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    whole_splits, whole = _decoded(normalization(text))
    expected = _encoded(whole, whole_splits)  # as the parts are: TensorFlow 2.12 loses U+FFFF there
    plain = dataclasses.replace(normalization, collapse_whitespace=False)
    splits, codes = _decoded(text)
    first = _at(splits[:-1], tf.size(codes, tf.int64))
    space = are_among(codes, code_points(WHITE_SPACE))
    behind_space = tf.concat([[False], space], axis=0)[:-1]
    joins = are_among(codes, _joining(normalization.drop_invisible))
    if normalization.collapse_whitespace:
        joins |= space & behind_space
    of_text = _owners(splits, tf.size(codes, tf.int64))

    def by_parts(by: Tensor) -> Aligned:
        by = tf.gather(by, of_text)
        starts = first | tf.where(by == _CLUSTERS, ~joins, (by == _WORDS) & (space != behind_space))
        starts = tf.where(starts)[:, 0]  # of parts, [K]
        bounds = tf.concat([starts, [tf.size(codes, tf.int64)]], axis=0)
        part_splits, found = _decoded(plain(_encoded(codes, bounds)))
        before = tf.gather(splits, tf.gather(of_text, starts))  # characters of the texts before
        part = _owners(part_splits, tf.size(found, tf.int64))
        spans = [tf.cast(x - before, tf.int32) for x in (starts, bounds[1:])]
        aligned = Aligned(
            found,
            tf.gather(part_splits, tf.searchsorted(starts, splits)),
            *(tf.gather(x, part) for x in spans),
        )
        return _collapsed(aligned) if normalization.collapse_whitespace else aligned

    def again(by: Tensor, done: Tensor, _: Aligned) -> tuple[Tensor, Tensor, Aligned]:
        aligned = by_parts(by)
        equal = aligned.texts() == expected
        return tf.where(equal, by, by + 1), tf.reduce_all(equal), aligned

    rows, none = tf.zeros_like(splits[:-1], tf.int32), tf.zeros([0], tf.int32)
    some = tf.TensorShape([None])
    return tf.while_loop(
        lambda by, done, aligned: ~done,
        again,
        (rows, tf.constant(False), Aligned(none, splits, none, none)),
        shape_invariants=(rows.shape, tf.TensorShape([]), Aligned(some, splits.shape, some, some)),
        maximum_iterations=_WORDS + 2,
    )[2]


def _collapsed(aligned: Aligned) -> Aligned:
    """Makes one space of each run of white space, and nothing of those at the ends."""
    codes, splits, starts, ends = aligned
    count = tf.size(codes, tf.int64)
    space = are_among(codes, code_points(WHITE_SPACE))
    first, last = _at(splits[:-1], count), _at(splits[1:] - 1, count)
    begins = space & (first | tf.concat([[True], ~space], axis=0)[:-1])
    stops = space & (last | tf.concat([~space, [True]], axis=0)[1:])
    begin, stop = tf.where(begins)[:, 0], tf.where(stops)[:, 0]  # of runs
    inside = ~tf.gather(first, begin) & ~tf.gather(last, stop)
    begin, stop = tf.gather(begin, tf.where(inside)[:, 0]), tf.gather(stop, tf.where(inside)[:, 0])
    ends = tf.tensor_scatter_nd_update(ends, begin[:, None], tf.gather(ends, stop))
    codes = tf.where(space, ord(" "), codes)
    return Aligned(codes, splits, starts, ends).kept(~space | _at(begin, count))


@functools.cache
def _joining(drop_invisible: bool) -> tuple[int, ...]:
    """Code points that join the one before."""
    return tuple(sorted({*combining_marks(), *code_points(JOINING[drop_invisible])}))


def _decoded(text: Tensor) -> tuple[Tensor, Tensor]:
    """Where texts [B] begin and end, int64 [B + 1], in the characters of all, int32 [C]."""
    return tf.raw_ops.UnicodeDecode(input=text, input_encoding="UTF-8")


def _encoded(codes: Tensor, splits: Tensor) -> Tensor:
    return tf.raw_ops.UnicodeEncode(
        input_values=codes, input_splits=splits, output_encoding="UTF-8"
    )


def _owners(splits: Tensor, count: Tensor) -> Tensor:
    """Of which row each of `count` values is, int64 [count]."""
    return tf.searchsorted(splits[1:], tf.range(count), side="right", out_type=tf.int64)


def _at(places: Tensor, count: Tensor) -> Tensor:
    """True at these places, bool [count]; those outside are none."""
    places = tf.gather(places, tf.where((places >= 0) & (places < count))[:, 0])
    return tf.scatter_nd(places[:, None], tf.ones_like(places), [count]) > 0


def _search(ends: Tensor, byte: Tensor) -> Tensor:
    """Which character holds a byte, from where each ends."""
    return tf.searchsorted(ends, byte, side="right")


def _widths(codes: Tensor) -> Tensor:
    """The bytes of each character in UTF-8."""
    return 1 + sum(tf.cast(codes >= least, tf.int32) for least in (0x80, 0x800, 0x10000))
