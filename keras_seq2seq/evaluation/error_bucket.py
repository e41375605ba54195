"""The scores of the sentences that have something in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from keras_seq2seq.evaluation.corpus_scores import corpus_metrics


@dataclasses.dataclass(frozen=True)
class ErrorBucket:
    """Scores of a part of a corpus.

    Attributes:
        label: str. What its sentences have in common, such as "6-10".
        sentences: int.
        bleu, chrf: float, 0 to 100, of the part as a corpus.
        exact_match: float, 0 to 100.
        length_ratio: float. Characters of the translations over those of the references: far from
            1 where a model drops or invents.
    """

    label: str
    sentences: int
    bleu: float
    chrf: float
    exact_match: float
    length_ratio: float


# Lowest value of each bucket, and their names; a bucket without a sentence is left out.
LENGTHS = {1: "1-5", 6: "6-10", 11: "11-15", 16: "16-20", 21: "21-30", 31: "31-50", 51: "51+"}
FREQUENCIES = {0: "unseen", 1: "1-2", 3: "3-9", 10: "10-99", 100: "100+"}
COUNTS = {0: "0", 1: "1", 2: "2", 3: "3+"}


def score_buckets(
    values: Sequence[int],
    floors: Mapping[int, str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    tokenize: str = "13a",
) -> list[ErrorBucket]:
    """Sorts sentences into buckets by a number each, and scores the buckets.

    Args:
        values: list of N ints, one for each sentence.
        floors: dict from the lowest value of a bucket to its label, ascending.
        hypotheses, references: lists of N strings.
        tokenize: sacreBLEU's tokenizer for BLEU.

    Returns:
        list of `ErrorBucket`, those without a sentence left out.

    Example:

    >>> buckets = score_buckets([2, 7, 8], LENGTHS, ["a b", "c", "d"], ["a b", "c", "e"])
    >>> [(bucket.label, bucket.sentences, bucket.exact_match) for bucket in buckets]
    [('1-5', 1, 100.0), ('6-10', 2, 50.0)]
    """
    lowest = min(floors)
    metrics = corpus_metrics(tokenize)
    members: dict[int, list[int]] = {floor: [] for floor in floors}
    for index, value in enumerate(values):
        members[max(floor for floor in floors if floor <= max(value, lowest))].append(index)
    buckets = []
    for floor, indices in members.items():
        if not indices:
            continue
        ours, theirs = ([side[i] for i in indices] for side in (hypotheses, references))
        equal = sum(h == r for h, r in zip(ours, theirs, strict=True))
        buckets.append(
            ErrorBucket(
                floors[floor],
                len(indices),
                metrics["bleu"].corpus_score(ours, [theirs]).score,
                metrics["chrf"].corpus_score(ours, [theirs]).score,
                100.0 * equal / len(indices),
                sum(map(len, ours)) / max(sum(map(len, theirs)), 1),
            )
        )
    return buckets
