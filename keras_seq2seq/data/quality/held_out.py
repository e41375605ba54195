"""Pairs that are kept from training, to validate on."""

import hashlib
import unicodedata

import numpy as np

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.sentence_pairs import SentencePairs

# Not the seed of a run: runs of other seeds hold out the same pairs and can be compared on them.
SEED = 1
SHARE, LEAST, MOST = 0.05, 20, 1000
FEWEST = 100  # pairs to hold out any of
_UNSEEN = ("Cc", "Cf")  # Unicode categories: controls, and what is not shown


def hold_out(pairs: SentencePairs) -> tuple[SentencePairs, SentencePairs]:
    """Takes a twentieth of the pairs out, at least 20 and at most 1,000, to validate on.

    No source stands on both sides, in whatever spelling (Unicode form, case, white space,
    invisible characters). Nor does a target, as long as there are enough pairs whose target no
    other source has. Which pairs are taken depends on their text alone, neither on their order nor
    on the seed of a run: two runs on one corpus hold out the same.

    Args:
        pairs: At least 100.

    Returns:
        The pairs to train on, whose report counts the others as `held_out`, and the others.

    Raises:
        CorpusError: there are too few pairs, or too few different sources.

    Example:

    >>> pairs = SentencePairs([f"a{n}" for n in range(500)], [f"b{n}" for n in range(500)])
    >>> train, valid = hold_out(pairs)
    >>> len(train), len(valid), set(train.sources) & set(valid.sources)
    (475, 25, set())
    """
    chosen = choose_held_out(pairs.origin, keys_of(pairs.sources), keys_of(pairs.targets))
    taken = set(chosen.tolist())
    rest = [i for i in range(len(pairs)) if i not in taken]
    valid = SentencePairs(
        [pairs.sources[i] for i in chosen],
        [pairs.targets[i] for i in chosen],
        f"{pairs.origin} (held out)",
    )
    return pairs.keep(rest, held_out=len(chosen)), valid


def keys_of(texts: list[str]) -> np.ndarray:
    """Numbers for N texts, the same where only spelling differs, and in no order: uint64 (N,)."""
    seen = (f"{SEED} {_unspelled(text)}".encode() for text in texts)
    digests = b"".join(hashlib.sha256(text).digest()[:8] for text in seen)
    return np.frombuffer(digests, ">u8").astype(np.uint64)


def choose_held_out(origin: str, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Chooses what `hold_out` takes, by the `keys_of` both sides, (N,): sorted indices.

    All pairs of one source are taken, or none.
    """
    count = len(sources)
    wanted = min(max(round(SHARE * count), LEAST), MOST)
    advice = "Name a corpus to validate on: data.valid, or --valid FILE."
    if count < FEWEST:
        raise CorpusError(
            f"{origin} has {count:,} pairs, too few to hold some out for validation "
            f"(at least {FEWEST}). {advice}"
        )
    _, groups, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    is_shared = np.zeros(len(sizes), bool)
    is_shared[groups[_several_sources(groups, targets)]] = True
    # By chance, which the keys are; those first whose targets no other source has.
    left, taken = wanted, np.zeros(len(sizes), bool)
    for group in np.argsort(is_shared, kind="stable"):
        if sizes[group] <= left:
            taken[group] = True
            left -= sizes[group]
        if not left:
            break
    if wanted - left < LEAST // 2:
        raise CorpusError(
            f"{origin} has too few different sources to hold {wanted:,} of its {count:,} pairs "
            f"out for validation: no source may stand on both sides. {advice}"
        )
    return np.flatnonzero(taken[groups])


def _several_sources(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Which of N pairs have a target that another source has, too: indices."""
    order = np.lexsort((sources, targets))
    source, target = sources[order], targets[order]
    begins = np.append(True, target[1:] != target[:-1])
    other = np.append(True, source[1:] != source[:-1]) | begins
    number = np.cumsum(begins) - 1  # of the target
    several = np.bincount(number, weights=other) > 1
    return order[several[number]]


def _unspelled(text: str) -> str:
    """What is left of a text where spelling does not count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join(text.split())
