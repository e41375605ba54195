"""Pairs that are kept from training, to validate on."""

import collections
import hashlib
import unicodedata

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
    wanted = min(max(round(SHARE * len(pairs)), LEAST), MOST)
    advice = "Name a corpus to validate on: data.valid, or --valid FILE."
    if len(pairs) < FEWEST:
        raise CorpusError(
            f"{pairs.origin} has {len(pairs):,} pairs, too few to hold some out for validation "
            f"(at least {FEWEST}). {advice}"
        )
    taken = set(_choose(pairs, wanted))
    if len(taken) < LEAST // 2:
        raise CorpusError(
            f"{pairs.origin} has too few different sources to hold {wanted:,} of its "
            f"{len(pairs):,} pairs out for validation: no source may stand on both sides. {advice}"
        )
    rest = [i for i in range(len(pairs)) if i not in taken]
    chosen = sorted(taken)
    valid = SentencePairs(
        [pairs.sources[i] for i in chosen],
        [pairs.targets[i] for i in chosen],
        f"{pairs.origin} (held out)",
    )
    return pairs.keep(rest, held_out=len(chosen)), valid


def _choose(pairs: SentencePairs, wanted: int) -> list[int]:
    """The indices of whole groups of one source each, by chance, `wanted` of them at most."""
    groups: dict[str, list[int]] = collections.defaultdict(list)
    owners: dict[str, set[str]] = collections.defaultdict(set)
    targets = [_unspelled(target) for target in pairs.targets]
    for i, source in enumerate(map(_unspelled, pairs.sources)):
        groups[source].append(i)
        owners[targets[i]].add(source)

    def place(source: str) -> tuple[bool, bytes]:
        shared = any(len(owners[targets[i]]) > 1 for i in groups[source])
        return shared, hashlib.sha256(f"{SEED} {source}".encode()).digest()

    chosen: list[int] = []
    for source in sorted(groups, key=place):
        if len(chosen) + len(groups[source]) <= wanted:
            chosen += groups[source]
        if len(chosen) == wanted:
            break
    return chosen


def _unspelled(text: str) -> str:
    """What is left of a text where spelling does not count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join(text.split())
