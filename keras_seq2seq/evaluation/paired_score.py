"""Whether one system is better than another, or only luckier."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sacrebleu import BLEU
from sacrebleu.significance import PairedTest, estimate_ci

from keras_seq2seq.evaluation.corpus_scores import corpus_metrics, matches
from keras_seq2seq.evaluation.moses_text import lowercased_tokenised
from keras_seq2seq.nearest_name import did_you_mean

_SEED = 12345  # sacreBLEU's
_ORDERS = 4  # of BLEU's n-grams


@dataclasses.dataclass(frozen=True)
class PairedScore:
    """One score of one system, beside that of the baseline.

    Attributes:
        system: Name of the system.
        metric: "bleu", "chrf" or "ter"; of the last, less is better.
        score: The score of the whole corpus.
        confidence: Half of the 95 % interval around the mean of the resamples.
        difference: Its score less that of the baseline, which itself has `None`.
        p_value: How likely such a difference is by chance; `None` for the baseline.
        signature: As sacreBLEU prints it.
    """

    system: str
    metric: str
    score: float
    confidence: float
    difference: float | None
    p_value: float | None
    signature: str


def paired_bootstrap(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[str],
    tokenize: str = "13a",
    language: str | None = None,
    resamples: int = 1000,
) -> list[PairedScore]:
    """Compares systems that translated the same sentences, by paired bootstrap resampling.

    The sentences are drawn anew, with replacement, many times; all systems are scored on each
    draw. The numbers are the same in every run (sacreBLEU's seed 12345, or `SACREBLEU_SEED`).

    Args:
        systems: The N translations of each; the first is the baseline of the others.
        references: N strings.
        tokenize: sacreBLEU's tokenizer for BLEU.
        language: Two-letter code of the targets, to score as `score_lowercased_tokenised` does.
        resamples: How many draws.

    Returns:
        For every metric, every system in its order.

    Raises:
        ValueError: There are fewer than two systems, or not as many translations as references.

    Example:

    >>> references = ["A cat sleeps here.", "It rains today.", "We eat bread and cheese."] * 10
    >>> worse = [reference.replace("a", "o") for reference in references]
    >>> rows = paired_bootstrap({"worse": worse, "better": references}, references)
    >>> [(row.system, row.metric, row.difference > 0, row.p_value < 0.05) for row in rows[1:2]]
    [('better', 'bleu', True, True)]

    Reference: [Koehn, 2004](https://aclanthology.org/W04-3250).
    """
    _check("paired_bootstrap", systems, references, resamples)
    if language is not None:
        references = lowercased_tokenised(references, language)
        systems = {name: lowercased_tokenised(lines, language) for name, lines in systems.items()}
    metrics = corpus_metrics("none" if language else tokenize, lowercased=language is not None)
    named: list[tuple[str, Sequence[str]]] = [(n, list(lines)) for n, lines in systems.items()]
    signatures, results = PairedTest(named, metrics, [list(references)], "bs", resamples)()
    rows = []
    for metric, (name, signature) in zip(metrics, signatures.items(), strict=True):
        found: list[Any] = results[name]
        for place, (system, result) in enumerate(zip(systems, found, strict=True)):
            difference = result.score - found[0].score if place else None
            # Of two equal systems sacreBLEU says p = 1 / (resamples + 1): no draw differs more.
            p_value = 1.0 if difference == 0 else result.p_value
            scores = float(result.score), float(result.ci), difference, p_value
            rows.append(PairedScore(system, metric, *scores, str(signature)))
    return rows


def difference_confidences(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[str],
    metric: str = "bleu",
    resamples: int = 1000,
) -> dict[str, float]:
    """How far each system's difference from the first one may be off, by paired bootstrap.

    Two systems that make the same mistakes differ far less by chance than each of them from the
    truth: what is drawn anew is which sentences *both* are scored on.

    Args:
        systems: The N translations of each; the first is the baseline of the others.
        references: N strings.
        metric: "bleu", sacreBLEU's default, or "exact_match".
        resamples: How many draws; they are the same in every run.

    Returns:
        For every system half of the 95 % interval of its score less that of the first, in points;
        0 of the first, and of all that wrote the same.

    Raises:
        ValueError: There are fewer than two systems, or not as many translations as references, or
            there is no such metric.

    Example:

    >>> references = ["A cat sleeps here.", "It rains today.", "We eat bread and cheese."] * 10
    >>> others = [line.replace("rains", "snows") for line in references]
    >>> found = difference_confidences({"a": references, "b": others}, references, "exact_match")
    >>> found["a"], 15 < found["b"] < 18  # a third of 30 sentences differ: 33 points, give or take
    (0.0, True)

    Reference: [Koehn, 2004](https://aclanthology.org/W04-3250).
    """
    _check("difference_confidences", systems, references, resamples)
    if metric not in _ADDED_UP:
        raise ValueError(
            f"difference_confidences: metric must be {' or '.join(_ADDED_UP)}, got {metric!r}."
            f"{did_you_mean(metric, _ADDED_UP)}"
        )
    parts, score = _ADDED_UP[metric]
    count = len(references)
    table = np.stack([parts(texts, references) for texts in systems.values()], axis=1)
    table = table.astype("float64").reshape(count, -1)  # [N, systems x figures]
    chance = np.random.default_rng(_SEED)
    scores = []
    for _ in range(resamples):
        times = np.bincount(chance.integers(count, size=count), minlength=count)  # [N]
        sums = (times @ table).astype("int64").reshape(len(systems), -1)
        scores.append([score(row) for row in sums.tolist()])
    differences = np.array(scores) - np.array(scores)[:, :1]  # [resamples, systems]
    return {
        name: float(estimate_ci(column)[1])
        for name, column in zip(systems, differences.T, strict=True)
    }


def _bleu_parts(texts: Sequence[str], references: Sequence[str]) -> list[list[int]]:
    """Per sentence what BLEU adds up: lengths, matches and numbers of n-grams."""
    bleu = BLEU(effective_order=True)  # what it is for: sentences

    @functools.cache  # the same text often comes again
    def parts(text: str, reference: str) -> list[int]:
        found = bleu.sentence_score(text, [reference])
        return [found.sys_len, found.ref_len, *found.counts, *found.totals]

    return [parts(*pair) for pair in zip(texts, references, strict=True)]


def _bleu_of_sums(sums: list[int]) -> float:
    correct, total = sums[2 : 2 + _ORDERS], sums[2 + _ORDERS :]
    return BLEU.compute_bleu(correct, total, *sums[:2], smooth_method="exp").score


def _match_parts(texts: Sequence[str], references: Sequence[str]) -> list[list[int]]:
    return [[int(equal), 1] for equal in matches(texts, references)]


def _share_of_sums(sums: list[int]) -> float:
    return 100 * sums[0] / sums[1]


_ADDED_UP = {  # figures of a sentence, and the score of their sums
    "bleu": (_bleu_parts, _bleu_of_sums),
    "exact_match": (_match_parts, _share_of_sums),
}


def _check(
    function: str,
    systems: Mapping[str, Sequence[str]],
    references: Sequence[str],
    resamples: int,
) -> None:
    if len(systems) < 2:
        raise ValueError(f"{function}: expected two systems or more, got {len(systems)}.")
    if resamples < 40:  # a 95 % interval cuts off a fortieth at each end
        raise ValueError(f"{function}: resamples must be at least 40, got {resamples}.")
    for name, lines in systems.items():
        if len(lines) != len(references) or not references:
            raise ValueError(
                f"{function}: {name} has {len(lines)} translations for {len(references)} "
                "references; there must be as many, and at least one."
            )
