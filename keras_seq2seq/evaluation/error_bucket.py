"""The scores of the sentences that have something in common."""

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import compress

from keras_seq2seq.evaluation.corpus_scores import corpus_metrics, exact_match


@dataclasses.dataclass(frozen=True)
class ErrorBucket:
    """Scores of a part of a corpus.

    Attributes:
        label: What its sentences have in common, such as "6-10".
        sentences: How many there are.
        bleu, chrf: Scores of the part as a corpus, 0 to 100.
        exact_match: Percentage of translations equal to the reference.
        length_ratio: Characters of the translations over those of the references: far from 1
            where a model drops or invents.
        has_4_grams: Whether a translation has four tokens. BLEU, which counts runs of so many, is
            0 where none has.
    """

    label: str
    sentences: int
    bleu: float
    chrf: float
    exact_match: float
    length_ratio: float
    has_4_grams: bool = True


# Lowest value of each bucket, and their names.
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
    """Sorts sentences into buckets by a number each, and scores those that are not empty.

    `floors` has the lowest value of each bucket and its label, ascending.

    >>> buckets = score_buckets([2, 7, 8], LENGTHS, ["a b", "c", "d"], ["a b", "c", "e"])
    >>> [(bucket.label, bucket.sentences, bucket.exact_match) for bucket in buckets]
    [('1-5', 1, 100.0), ('6-10', 2, 50.0)]
    """
    metrics = corpus_metrics(tokenize)
    found = [max((f for f in floors if f <= value), default=min(floors)) for value in values]
    buckets = []
    for floor in sorted(set(found)):
        members = [floor == other for other in found]
        ours, theirs = (list(compress(side, members)) for side in (hypotheses, references))
        bleu, chrf = (metrics[m].corpus_score(ours, [theirs]) for m in ("bleu", "chrf"))
        ratio = sum(map(len, ours)) / max(sum(map(len, theirs)), 1)
        equal = exact_match(ours, theirs)
        counts: list[int] = getattr(bleu, "totals")  # noqa: B009 - of runs of 1 to 4 tokens
        scores = bleu.score, chrf.score, equal, ratio, counts[-1] > 0
        buckets.append(ErrorBucket(floors[floor], len(ours), *scores))
    return buckets
