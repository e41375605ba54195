"""How to search."""

import dataclasses
from typing import Any

import numpy as np

from keras_seq2seq.decoding.beam.length_penalty import KINDS

# Options that are data, one value for each example, with their type and least value.
_NUMBERS = {
    "length_penalty": ("float32", None),
    "coverage_penalty": ("float32", 0),
    "diversity": ("float32", 0),
    "repetition_penalty": ("float32", 1),
    "min_length": ("int32", 0),
    "max_length": ("int32", 0),
    "min_length_ratio": ("float32", 0),
    "max_length_ratio": ("float32", 0),
    "temperature": ("float32", 1e-4),
    "top_k": ("int32", 0),
    "top_p": ("float32", 0),
    "seed": ("int32", None),
}
_TABLES = {"forced_ids": "int32", "allowed": "bool"}


@dataclasses.dataclass(frozen=True)
class SearchOptions:
    """The options of a search: those that shape the graph, and those that are data in it.

    Data are given as one value, as a list of B values or as a tensor [B]; what is `None` is not
    in the graph and costs nothing.

    Args:
        beam_size: int. K; 1 is greedy search.
        num_return: int. N, how many results for each example; above 1 the results get an axis N.
        sampling: bool. Draw tokens instead of searching for the most probable ones.
        length_normalization: `"wu"` or `"average"`, see `length_divisor`.
        no_repeat_ngram: int. n-grams of this length do not occur twice; 0 allows all.
        banned_ids: sequences of ids that must not occur, as `((17,), (4, 5))`.
        length_penalty: float [B]. alpha, of beam search.
        coverage_penalty: float [B], at least 0. beta, of beam search; needs attention.
        diversity: float [B], at least 0. See `beam_search`.
        repetition_penalty: float [B], at least 1. See `constraints.repetition_penalty`.
        min_length: int [B]. Least tokens before EOS.
        max_length: int [B]. Most tokens, EOS included; the search's T bounds it.
        min_length_ratio, max_length_ratio: float [B]. The same in multiples of the source's tokens,
            with EOS or without as there; where two bounds are given the stricter one holds.
        temperature: float [B], above 0. See `sample`; with `top_k`, `top_p` and `seed` it is for
            sampling alone.
        top_k: int [B]. 0 means all.
        top_p: float [B].
        seed: int [B].
        forced_ids: int [B, P], the token of each place, -1 where it is free.
        allowed: bool [B, V] or [1, V], the tokens that may be chosen.

    Raises:
        ValueError: if an option is out of range or contradicts another.

    Example:

    >>> options = SearchOptions(beam_size=4, num_return=2, length_penalty=[0.6, 1.0])
    >>> sorted(options.data())
    ['length_penalty']
    """

    beam_size: int = 1
    num_return: int = 1
    sampling: bool = False
    length_normalization: str = "wu"
    no_repeat_ngram: int = 0
    banned_ids: tuple = ()
    length_penalty: Any = None
    coverage_penalty: Any = None
    diversity: Any = None
    repetition_penalty: Any = None
    min_length: Any = None
    max_length: Any = None
    min_length_ratio: Any = None
    max_length_ratio: Any = None
    temperature: Any = None
    top_k: Any = None
    top_p: Any = None
    seed: Any = None
    forced_ids: Any = None
    allowed: Any = None

    def __post_init__(self):
        sequences = tuple(tuple(map(int, sequence)) for sequence in self.banned_ids)
        object.__setattr__(self, "banned_ids", sequences)
        for name, least in (("beam_size", 1), ("num_return", 1), ("no_repeat_ngram", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"{name} must be an int of at least {least}, got {value!r}.")
        if self.length_normalization not in KINDS:
            raise ValueError(
                f"length_normalization must be one of {KINDS}, got {self.length_normalization!r}."
            )
        if self.sampling and self.beam_size > 1:
            raise ValueError(
                f"sampling=True draws tokens, beam_size={self.beam_size} searches: choose one."
            )
        if not self.sampling and self.num_return > self.beam_size:
            raise ValueError(
                f"num_return={self.num_return} results need a beam_size of at least as many, got "
                f"{self.beam_size}; or sampling=True."
            )
        self._refuse_what_has_no_effect()
        if any(not sequence for sequence in self.banned_ids):
            raise ValueError("banned_ids holds an empty sequence, which would ban everything.")
        for name, (_, least) in _NUMBERS.items():
            _check_number(name, getattr(self, name), least)

    def _refuse_what_has_no_effect(self):
        of_sampling = ("temperature", "top_k", "top_p", "seed")
        of_beams = ("length_penalty", "coverage_penalty", "diversity")
        if self.sampling:
            wrong, why = of_beams, "is for beam search: leave it out, or set sampling=False"
        elif self.beam_size > 1:
            wrong, why = of_sampling, "is for sampling: set sampling=True"
        else:
            wrong, why = (*of_sampling, *of_beams), "has no effect on greedy search: set "
            why += "sampling=True or a beam_size above 1"
        for name in wrong:
            if getattr(self, name) is not None:
                raise ValueError(f"{name} {why}.")

    def data(self):
        """The options that are data and are given: dict from name to value."""
        names = [*_NUMBERS, *_TABLES]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def shape_of_graph(self):
        """The same options without data."""
        return dataclasses.replace(self, **dict.fromkeys(self.data()))

    def arrays(self, batch):
        """Data as NumPy arrays, one row for each of `batch` examples: dict from name to array.

        Raises:
            ValueError: if a list has another length than `batch`.
        """
        found = {}
        for name, value in self.data().items():
            table = name in _TABLES
            array = np.asarray(value, _TABLES[name] if table else _NUMBERS[name][0])
            if array.ndim == table:
                array = np.broadcast_to(array, (batch, *array.shape))
            elif table and len(array) == 1:
                array = np.repeat(array, batch, axis=0)
            if array.ndim != 1 + table or len(array) != batch:
                raise ValueError(
                    f"{name} must be one value or one for each of {batch} examples, got an array "
                    f"of shape {np.shape(value)}."
                )
            found[name] = array
        return found

    def for_batch(self, batch):
        """The same options with data as NumPy arrays for `batch` examples."""
        return dataclasses.replace(self, **self.arrays(batch))

    def take(self, rows):
        """Of options made by `for_batch`, those of some rows, int array [R]."""
        return dataclasses.replace(self, **{k: v[rows] for k, v in self.data().items()})


def _check_number(name, value, least):
    """Checks values that are known now; tensors of a graph are not."""
    if value is None or (
        hasattr(value, "shape") and not isinstance(value, (np.ndarray, np.number))
    ):
        return
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be a number or one for each example, got {value!r}.")
    if least is not None and (numbers < least).any():
        raise ValueError(f"{name} must be at least {least}, got {value!r}.")
