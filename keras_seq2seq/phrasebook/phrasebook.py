"""The built-in corpus: Korean sentences and their English translations, made by a grammar."""

import difflib
import random
from collections import Counter
from collections.abc import Iterable

from keras_seq2seq.phrasebook.grammar.patterns import sample_pair
from keras_seq2seq.phrasebook.grammar.sampler import Sampler

SPLITS = ("train", "valid", "test")
HELD_OUT = 500
MIN_SIZE, MAX_SIZE = 5_000, 200_000
MAX_WORDS = 14
# A word of a held-out sentence stays in at least so many training sentences.
_MIN_TRAIN_COUNT = 3


class Phrasebook:
    """A Korean-English corpus that needs no download and gives the same pairs everywhere.

    A grammar with some 120 Korean verbs and 350 nouns, people and places makes statements,
    questions, requests and sentences of two clauses, with particles, tense, negation, honorifics,
    counters and clock times. The mapping is a function: every Korean sentence has one English
    translation, and every English word of it follows from the Korean (안 is "n't", -지 않다 is
    "not"; -어요 is the simple present, -고 있다 the progressive; a question without a subject is
    about "you"). A model can therefore reach any score, and what it misses it has not learned.

    `valid` and `test` hold 500 pairs each of which neither the Korean nor the English sentence
    occurs anywhere else in the corpus, while each of their words is in at least three training
    sentences: they ask for new combinations of known words.

    Args:
        seed: int. Seed of the whole corpus, splits included. Defaults to 0.
        size: int. Number of distinct pairs over all splits, 5,000 to 200,000. Defaults to 24000.

    Raises:
        ValueError: if `seed` is not an integer or `size` is not one in that range.

    Example:

    >>> phrasebook = Phrasebook(seed=0, size=5000)
    >>> [len(phrasebook.split(name)) for name in ("train", "valid", "test")]
    [4000, 500, 500]
    >>> korean, english = phrasebook.split("test")[0]
    """

    def __init__(self, seed: int = 0, size: int = 24000):
        for name, value in (("seed", seed), ("size", size)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"`{name}` of a Phrasebook is an integer. Received: {value!r}")
        if not MIN_SIZE <= size <= MAX_SIZE:
            raise ValueError(
                f"`size` of a Phrasebook is {MIN_SIZE:,} to {MAX_SIZE:,} pairs, of which "
                f"{2 * HELD_OUT:,} are held out. Received: {size:,}"
            )
        self.seed = seed
        self.size = size
        pairs = _generate(seed, size)
        held_out = _choose_held_out(pairs, seed)
        chosen = set(held_out)
        self._splits = {
            "train": [pair for index, pair in enumerate(pairs) if index not in chosen],
            "valid": [pairs[index] for index in held_out[:HELD_OUT]],
            "test": [pairs[index] for index in held_out[HELD_OUT:]],
        }

    def split(self, name: str) -> list[tuple[str, str]]:
        """The pairs of one split.

        Args:
            name: str. "train", "valid" or "test".

        Returns:
            A new list of (Korean, English) tuples.

        Raises:
            ValueError: if there is no such split.
        """
        if name not in SPLITS:
            nearest = difflib.get_close_matches(str(name).lower(), SPLITS, n=1, cutoff=0.0)[0]
            raise ValueError(
                f"The phrasebook has no split {name!r}; it has {', '.join(SPLITS)}. "
                f"Did you mean {nearest!r}?"
            )
        return list(self._splits[name])


def _generate(seed: int, size: int) -> list[tuple[str, str]]:
    """Draws sentences until `size` different ones are found."""
    sampler = Sampler(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < size:
        korean, english = sample_pair(sampler)
        if max(korean.count(" "), english.count(" ")) < MAX_WORDS:
            pairs.setdefault(korean, english)
    return list(pairs.items())


def _choose_held_out(pairs: list[tuple[str, str]], seed: int) -> list[int]:
    """Indices of pairs that are new as sentences, but all of whose words remain in training."""
    targets = Counter(english for _, english in pairs)
    remaining = Counter(word for pair in pairs for word in _words(pair))
    order = list(range(len(pairs)))
    random.Random(f"held out {seed}").shuffle(order)
    chosen = []
    for index in order:
        words = _words(pairs[index])
        known = all(remaining[word] > _MIN_TRAIN_COUNT for word in words)
        if known and targets[pairs[index][1]] == 1:
            remaining.subtract(words)
            chosen.append(index)
            if len(chosen) == 2 * HELD_OUT:
                return chosen
    raise ValueError(
        f"Only {len(chosen)} of {len(pairs):,} pairs can be held out without words unseen in "
        f"training; {2 * HELD_OUT:,} are wanted. Ask for a larger `size`."
    )


def _words(pair: tuple[str, str]) -> set[str]:
    """The words of both sides without their final marks, each once."""
    return set(_bare_words(pair[0])) | set(_bare_words(pair[1]))


def _bare_words(sentence: str) -> Iterable[str]:
    return (word.strip(".,?") for word in sentence.split())
