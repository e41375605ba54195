"""Strings given to `fit`, turned into ids."""

import functools
import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_seq2seq.text.framing import Pair, encode_pair
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.text_inputs import as_texts, is_text

_ADVICE = "Raise max_source_length and max_target_length to keep them."
_TEXTS, _WEIGHTS = tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.float32)


def encode_examples(x: Any, y: Any = None, sample_weight: Any = None, **settings: Any) -> tuple:
    """Turns what `fit` may be given as strings into ids; passes anything else through.

    Pairs that are longer than the model reads or writes are left out with a warning, as
    `make_dataset` does: cut targets would teach it to end early. Batches of a dataset keep their
    size, a pair that is left out becomes padding, which counts nowhere.

    Args:
        x: B source strings, as a list, tuple, array, column of pandas or tensor; or what has
            `sources` and `targets`, such as `SentencePairs`; or a `tf.data.Dataset`, generator or
            `keras.utils.PyDataset` of batches (sources [B], targets [B]) or (sources, targets,
            sample_weight [B]), which become a dataset in their own order.
        y: as many targets, or `None`.
        sample_weight: float array [B], or `None`.
        **settings: `source_tokenizer`, `target_tokenizer`, `max_source_length` and
            `max_target_length`.

    Returns:
        (x, y, sample_weight); of a dataset (dataset, None, None).

    Raises:
        TypeError: for something other than strings among strings.
        ValueError: for numbers that do not fit, or where no pair is short enough.
    """
    encode = functools.partial(_encode, **settings)
    if hasattr(x, "sources") and hasattr(x, "targets"):
        x, y = x.sources, x.targets
    if yields_text(x):
        if isinstance(x, keras.utils.PyDataset):
            x = _of_batches(functools.partial(_epoch, x), x.num_batches)
        return _encoded(x, encode), y, sample_weight
    if isinstance(x, Iterator):
        first, x = first_batch(x)
        if not is_text(first):
            return x, y, sample_weight
        _three(first)  # an error here is not wrapped by TensorFlow
        return _encoded(_of_batches(lambda: x), encode), y, sample_weight
    if not (is_text(x) or is_text(y) or _lacks_texts(x)):
        return x, y, sample_weight
    return _encoded_lists(x, y, sample_weight, encode)


def first_batch(batches: Iterator[Any]) -> tuple[Any, Iterator[Any]]:
    """What comes first, or `None`, and a generator, as Keras wants it, that begins with it."""
    seen = list(itertools.islice(batches, 1))
    return next(iter(seen), None), (batch for part in (seen, batches) for batch in part)


def yields_text(given: Any) -> bool:
    """Whether there are strings in a dataset of batches."""
    if isinstance(given, tf.data.Dataset):
        specs = tf.nest.flatten(given.element_spec)
        return any(getattr(spec, "dtype", None) == tf.string for spec in specs)
    return isinstance(given, keras.utils.PyDataset) and given.num_batches != 0 and is_text(given[0])


def _lacks_texts(given: Any) -> bool:
    """Whether texts are meant and missing: an empty list, or `None` among what should be text."""
    if isinstance(given, np.ndarray) and (given.dtype == object or not given.size):
        given = given.tolist()
    return isinstance(given, (list, tuple)) and (not given or any(x is None for x in given))


def _encoded_lists(x: Any, y: Any, sample_weight: Any, encode: functools.partial) -> Pair:
    x, y = as_texts(x, "sources"), y if y is None else as_texts(y, "targets")
    if y is None or len(x) != len(y) or not len(x):
        raise ValueError(
            f"Expected as many target as source strings, at least one; received {len(x)} sources "
            f"and {'no' if y is None else len(y)} targets."
        )
    weight = np.ones(len(x), "float32") if sample_weight is None else np.asarray(sample_weight)
    if weight.shape != (len(x),):
        raise ValueError(
            f"sample_weight: expected one weight for each of {len(x)} pairs, shape ({len(x)},), "
            f"received shape {weight.shape}."
        )
    _check_weights(weight)
    inputs, targets, token_weight, over_long = encode(x, y, weight)
    keep = ~over_long.numpy()
    if not keep.any():
        limits = (encode.keywords[f"max_{side}_length"] for side in ("source", "target"))
        raise ValueError(
            "All of {:,} pairs are over-long (more than {} source or {} target ids, the closing "
            "EOS among them). {}".format(len(x), *limits, _ADVICE)
        )
    if not keep.all():
        warnings.warn(
            f"{np.sum(~keep):,} of {len(x):,} pairs are over-long and left out. {_ADVICE}",
            stacklevel=4,
        )
    inputs = {name: _without_padding(ids.numpy()[keep]) for name, ids in inputs.items()}
    width = inputs["decoder_ids"].shape[1]
    return inputs, targets.numpy()[keep, :width], token_weight.numpy()[keep, :width]


def _check_weights(weight: np.ndarray) -> None:
    if weight.dtype.kind not in "biuf":
        raise ValueError(f"sample_weight: expected numbers, received {weight.tolist()!r:.80}.")
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(wrong):
        place = int(wrong[0])
        raise ValueError(
            "sample_weight: expected finite numbers of at least 0, but that of pair "
            f"{place + 1} is {weight.flat[place]}."
        )


def _without_padding(ids: np.ndarray) -> np.ndarray:
    """Ids [B, T] without the columns at the right that are padding alone."""
    return ids[:, : int((ids != PAD).sum(axis=1).max())]


def _encode(
    sources: Any,
    targets: Any,
    sample_weight: Any = None,
    *,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    max_source_length: int,
    max_target_length: int,
) -> tuple[Any, Any, Any, tf.Tensor]:
    """As `encode_pair`, and which pairs are over-long, bool [B]: those are padding alone."""
    x, y, weight = encode_pair(
        source_tokenizer,
        target_tokenizer,
        sources,
        targets,
        max_source_length=max_source_length + 1,  # one more shows that there is more
        max_target_length=max_target_length + 1,
    )
    over_long = tf.reduce_any(x["source_ids"][:, max_source_length:] != PAD, axis=1)
    over_long |= tf.reduce_any(y[:, max_target_length:] != PAD, axis=1)
    left_out = over_long[:, tf.newaxis]

    def emptied(ids: tf.Tensor, first: int, limit: int) -> tf.Tensor:
        only = tf.one_hot([0], tf.shape(ids)[1], first, PAD, dtype=tf.int32)
        return tf.where(left_out, only, ids)[:, :limit]

    x = {
        "source_ids": emptied(x["source_ids"], EOS, max_source_length),
        "decoder_ids": emptied(x["decoder_ids"], BOS, max_target_length),
    }
    y = emptied(y, PAD, max_target_length)
    weight = tf.where(left_out, 0.0, weight)[:, :max_target_length]
    if sample_weight is not None:
        weight *= tf.cast(sample_weight, tf.float32)[:, tf.newaxis]
    return x, y, weight, over_long


# === Batches ===


def _encoded(dataset: tf.data.Dataset, encode: Callable) -> tf.data.Dataset:
    """A dataset of batches of strings as one of ids; says at the first batch what is left out."""
    spec: Any = dataset.element_spec
    whole = isinstance(spec, tuple) and len(spec) in (2, 3)
    if not whole or any(getattr(side, "dtype", None) != tf.string for side in spec[:2]):
        raise ValueError(
            "Expected a dataset of (sources, targets) or (sources, targets, sample_weight), "
            f"strings both; this one yields {spec}."
        )
    for rank in {side.shape.rank for side in spec} - {1, None}:
        advice = "flatten its batches" if rank else "call dataset.batch(64)"
        raise ValueError(
            f"Expected a dataset of batches, tensors of rank 1; this one yields rank {rank}: "
            f"{advice}."
        )
    told: list[bool] = []
    pairs = {"all": 0, "kept": 0}

    def tell(count: np.ndarray, size: np.ndarray) -> None:
        pairs["all"] += int(size)
        pairs["kept"] += int(size - count)
        if count and not told:
            told.append(True)
            warnings.warn(
                f"{count:,} of a batch of pairs are over-long and left out, and as many as there "
                f"are in others. {_ADVICE}",
                stacklevel=2,
            )

    def ids(*batch: tf.Tensor) -> Pair:
        *encoded, over_long = encode(*batch)
        count = tf.reduce_sum(tf.cast(over_long, tf.int32))
        with tf.control_dependencies([tf.numpy_function(tell, [count, tf.size(over_long)], [])]):
            return encoded[0], tf.identity(encoded[1]), encoded[2]

    found = dataset.map(ids, num_parallel_calls=tf.data.AUTOTUNE)
    vars(found)["pairs"] = pairs  # what `check_some_kept` reads
    return found


def check_some_kept(dataset: Any) -> None:
    """Raises a `ValueError` if all pairs that were read of a dataset of texts are left out.

    A loss of 0 would look like success.
    """
    pairs = getattr(dataset, "pairs", None)
    if pairs and pairs["all"] and not pairs["kept"]:
        raise ValueError(
            f"All of {pairs['all']:,} pairs that were read are over-long: nothing was learnt or "
            f"judged. {_ADVICE}"
        )


def _of_batches(batches: Callable[[], Iterator[Any]], count: int | None = None) -> tf.data.Dataset:
    """Batches of strings that Python makes, as a dataset."""
    signature = _TEXTS, _TEXTS, _WEIGHTS
    dataset = tf.data.Dataset.from_generator(
        lambda: map(_three, batches()), output_signature=signature
    )
    return (
        dataset if count is None else dataset.apply(tf.data.experimental.assert_cardinality(count))
    )


def _three(batch: Any) -> tuple[list[str], list[str], np.ndarray]:
    """Sources, targets and weights of a batch that Python made."""
    if not isinstance(batch, (list, tuple)) or len(batch) not in (2, 3):
        raise ValueError(
            "Expected batches (sources, targets) or (sources, targets, sample_weight), received "
            f"{batch!r:.80}."
        )
    sources, targets = as_texts(batch[0], "sources"), as_texts(batch[1], "targets")
    weight = np.asarray(batch[2] if len(batch) == 3 else np.ones(len(sources)), "float32")
    if not len(sources) == len(targets) == weight.size:
        raise ValueError(
            f"Expected batches of as many targets and weights as sources, received {len(sources)} "
            f"sources, {len(targets)} targets and {weight.size} weights."
        )
    _check_weights(weight)
    return sources, targets, weight


def _epoch(batches: keras.utils.PyDataset) -> Iterator[Any]:
    """What Keras asks a `PyDataset` for in an epoch."""
    batches.on_epoch_begin()
    count = batches.num_batches
    yield from map(batches.__getitem__, itertools.count() if count is None else range(count))
    batches.on_epoch_end()
