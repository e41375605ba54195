"""Text and ids as callers may give them, turned into tensors, and long ones made shorter."""

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.characters import (
    WHITE_SPACE,
    WHITE_SPACE_RUN,
    character_class,
    replace_surrogates,
)

LONG_TEXT = 4096  # characters; whatever is shorter is left alone
LONGEST_RUN = 64  # characters of one kind that stay in a long text
FARTHEST = 1 << 17  # characters that are looked at for the first ids, if not many are wanted
SPACE = re.compile(" ")


def text_tensor(text: Any) -> tf.Tensor:
    """Text of any form as a string tensor [B] or []; lone surrogates become U+FFFD."""
    text = tf.nest.map_structure(lambda x: replace_surrogates(x) if isinstance(x, str) else x, text)
    try:
        text = tf.convert_to_tensor(text, dtype=tf.string)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Cannot tokenize {text!r}: expected a str, a list of str or a string tensor."
        ) from error
    if text.shape.rank not in (0, 1):
        raise ValueError(
            f"Cannot tokenize a tensor of shape {text.shape}: expected [B] or []. Flatten it "
            "first, for instance by tf.reshape(text, [-1])."
        )
    return text


def id_tensor(ids: Any) -> tf.RaggedTensor | tf.Tensor:
    """Ids of any form as an int64 tensor [..., T] or `RaggedTensor` [B, (T)]."""
    tensor = ids
    try:
        if isinstance(ids, (list, tuple)):
            nested = len(ids) > 0 and not isinstance(ids[0], (int, np.integer))
            tensor = (tf.ragged.constant if nested else tf.constant)(ids, tf.int64)
        elif not isinstance(ids, tf.RaggedTensor):
            tensor = tf.convert_to_tensor(ids)
        if tensor.dtype.is_integer and tensor.shape.rank != 0:
            return tf.cast(tensor, tf.int64)
    except (TypeError, ValueError):
        pass  # what follows says what is wrong
    raise ValueError(f"Cannot detokenize {ids!r}: expected integer ids [B, T] or [T].")


# === Runs of characters of one kind, which would take the square of their number ===


def cap_runs(text: tf.Tensor, codes: tuple[int, ...], inside: bool = True) -> tf.Tensor:
    """Leaves `LONGEST_RUN` characters of each run in long texts, string of any shape.

    The runs are those of characters among the sorted code points `codes`; or, if not `inside`, of
    any others. Only texts of more than `LONG_TEXT` characters are changed.
    """
    long = tf.strings.length(text, "UTF8_CHAR") > LONG_TEXT
    cap = _run_caps(codes, inside)

    def capped() -> tf.Tensor:
        return tf.where(long, tf.reshape(cap(tf.reshape(text, [-1])), tf.shape(text)), text)

    return tf.cond(tf.reduce_any(long), capped, lambda: text)


@functools.lru_cache(maxsize=8)
def _run_caps(codes: tuple[int, ...], inside: bool) -> Callable[[tf.Tensor], tf.Tensor]:
    """`cap_runs` of long texts [N], as a function that graphs share and that is seldom called."""

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string)],
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    def cap(text: tf.Tensor) -> tf.Tensor:
        # Raw operators: ragged tensors check themselves, which is six times the graph.
        splits, flat = tf.raw_ops.UnicodeDecode(input=text, input_encoding="UTF-8")  # [N+1], [T]
        stays = _first_of_runs(splits, flat, codes, inside)
        kept = tf.cumsum(tf.cast(tf.concat([stays, [False]], axis=0), tf.int64), exclusive=True)
        return tf.raw_ops.UnicodeEncode(
            input_values=tf.gather(flat, tf.where(stays)[:, 0]),
            input_splits=tf.gather(kept, splits),
            output_encoding="UTF-8",
        )

    return cap


def _first_of_runs(
    splits: tf.Tensor, flat: tf.Tensor, codes: tuple[int, ...], inside: bool
) -> tf.Tensor:
    """Which of the characters [T] of texts [N] are the first `LONGEST_RUN` of a run, or of none."""
    runs_on = are_among(flat, codes) == inside
    count = tf.size(flat, splits.dtype)
    of_rows = tf.scatter_nd(splits[:-1, None], tf.ones_like(splits[:-1]), [count + 1])[:-1] > 0
    follows = runs_on & tf.concat([[False], runs_on], axis=0)[:-1] & ~of_rows
    starts = tf.where(~follows)[:, 0]  # of runs, or of single others
    run = tf.cumsum(tf.cast(~follows, tf.int64)) - 1
    return tf.range(count) - tf.gather(starts, run) < LONGEST_RUN


def stays_of_runs(
    splits: tf.Tensor, flat: tf.Tensor, codes: tuple[int, ...], inside: bool = True
) -> tf.Tensor:
    """Which of the characters of texts [N], int32 [T], `cap_runs` leaves: bool [T]."""
    long = splits[1:] - splits[:-1] > LONG_TEXT
    text = tf.searchsorted(splits[1:], tf.range(tf.size(flat, splits.dtype)), side="right")
    return _first_of_runs(splits, flat, codes, inside) | ~tf.gather(long, text)


def are_among(characters: tf.Tensor, codes: tuple[int, ...]) -> Tensor:
    """Which characters, int32 [T], are of the sorted code points `codes`: bool [T]."""
    table = tf.constant([*codes, 0x110000])  # the last equals no code point
    return tf.gather(table, tf.searchsorted(table, characters)) == characters


def kept_python(text: str, codes: tuple[int, ...], inside: bool = True) -> list[tuple[int, int]]:
    """The parts of one str that `cap_runs` leaves: (start, end) of each."""
    bounds = [0, len(text)]
    if len(text) > LONG_TEXT:
        for run in _runs(codes, inside).finditer(text):
            if run.end() - run.start() > LONGEST_RUN:
                bounds[-1:] = [run.start() + LONGEST_RUN, run.end(), len(text)]
    return list(zip(bounds[::2], bounds[1::2], strict=True))


def cap_runs_python(text: str, codes: tuple[int, ...], inside: bool = True) -> str:
    """Does what `cap_runs` does for one str."""
    return "".join(text[start:end] for start, end in kept_python(text, codes, inside))


@functools.lru_cache(maxsize=8)
def _runs(codes: tuple[int, ...], inside: bool) -> re.Pattern:
    return re.compile(f"[{'' if inside else '^'}{character_class(codes)}]+")


# === Beginnings ===


def begin(read: Callable[[tf.Tensor], tf.Tensor], text: tf.Tensor, count: int) -> tf.Tensor:
    """Gives of `read(text)`, texts [B], the first `count` characters and what follows to a space.

    Where there is no space among the next `LONG_TEXT` characters, those are taken and no more.
    `read` normalizes, each word by itself, so that a part of the text before white space will do,
    or before anything that is far behind, if it gives enough. Where it does not, `FARTHEST`
    characters are read, and no more: ten megabytes of white space are empty, whatever follows.
    """
    part, found, enough = _parts(read, text, count)
    found = tf.cond(
        tf.reduce_all(enough),
        lambda: found,
        lambda: read(tf.where(enough, part, beginning(text, FARTHEST))),
    )
    return cut(found, count, " ")


def part(read: Callable[[tf.Tensor], tf.Tensor], text: tf.Tensor, count: int) -> tf.Tensor:
    """The parts of texts [B], as valid UTF-8, that `begin` reads."""
    part, _, enough = _parts(read, text, count)
    return tf.cond(
        tf.reduce_all(enough),
        lambda: part,
        lambda: tf.where(enough, part, beginning(text, FARTHEST)),
    )


def _parts(
    read: Callable[[tf.Tensor], tf.Tensor], text: tf.Tensor, count: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Parts of texts [B], what is read of them, and whether that is enough."""
    size = 4 * (count + LONG_TEXT)
    text = beginning(text, size + LONG_TEXT + 1)  # one more than the part can have
    part = cut(text, size, f"[{WHITE_SPACE}]")
    found = read(part)
    enough = tf.strings.length(found, "UTF8_CHAR") >= count + 2 * LONG_TEXT
    whole = tf.strings.length(part) == tf.strings.length(text)
    return part, found, enough | whole | (size + LONG_TEXT >= FARTHEST)


def beginning(text: tf.Tensor, count: int) -> tf.Tensor:
    """The first `count` characters of texts [B], as valid UTF-8; no more than those is read."""
    none = tf.zeros(tf.shape(text), tf.int32)
    # A character has at most four bytes, and the last is cut short only behind those asked for.
    text = tf.strings.substr(text, none, none + 4 * (count + 1))
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    return tf.strings.substr(text, none, none + count, "UTF8_CHAR")


def lengths(text: tf.Tensor) -> tf.Tensor:
    """How many characters texts [B] have, int32 [B], broken bytes as those that replace them.

    Of more than `FARTHEST` characters those that are none in UTF-8 are not counted.
    """
    count = tf.strings.length(beginning(text, FARTHEST + 1), "UTF8_CHAR")
    return tf.where(count > FARTHEST, tf.strings.length(text, "UTF8_CHAR"), count)


def goes_on(text: tf.Tensor) -> tf.Tensor:
    """Whether there is more of texts [B] than is looked at where few ids are wanted."""
    behind = tf.strings.length(text) > FARTHEST  # in bytes: seldom
    return tf.cond(
        tf.reduce_any(behind),
        lambda: behind & (lengths(text) > FARTHEST),
        lambda: behind,
    )


def begin_python(read: Callable[[str], str], text: str, count: int) -> str:
    """Does what `begin` does for one str."""
    return cut_python(read(part_python(read, text, count)), count, SPACE)


def part_python(read: Callable[[str], str], text: str, count: int) -> str:
    """The part of a text that `begin_python` reads."""
    size = 4 * (count + LONG_TEXT)
    part = cut_python(text, size)
    if len(part) == len(text) or size + LONG_TEXT >= FARTHEST:
        return part
    return part if len(read(part)) >= count + 2 * LONG_TEXT else text[:FARTHEST]


def cut_python(text: str, count: int, space: re.Pattern = WHITE_SPACE_RUN) -> str:
    """The text up to the first space at or behind `count`, or `count + LONG_TEXT` characters."""
    found = space.search(text, count, count + LONG_TEXT)
    return text[: found.start() if found else count + LONG_TEXT]


def cut(text: tf.Tensor, count: int, space: str) -> tf.Tensor:
    """Texts [B] up to the first space at or behind `count`, or `count + LONG_TEXT` characters."""
    length = tf.strings.length(text, "UTF8_CHAR")
    first, rest = (
        tf.strings.substr(
            text, tf.minimum(length, start), tf.fill(tf.shape(length), size), "UTF8_CHAR"
        )
        for start, size in ((0, count), (count, LONG_TEXT))
    )
    return tf.strings.join([first, tf.strings.regex_replace(rest, f"(?s){space}.*", "")])
