"""Whether one system is better than another, or only luckier."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sacrebleu.significance import PairedTest

from keras_seq2seq.evaluation.corpus_scores import corpus_metrics
from keras_seq2seq.evaluation.moses_text import lowercased_tokenised


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
    _check(systems, references, resamples)
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


def _check(systems: Mapping[str, Sequence[str]], references: Sequence[str], resamples: int) -> None:
    if len(systems) < 2:
        raise ValueError(f"paired_bootstrap: expected two systems or more, got {len(systems)}.")
    if resamples < 40:  # a 95 % interval cuts off a fortieth at each end
        raise ValueError(f"paired_bootstrap: resamples must be at least 40, got {resamples}.")
    for name, lines in systems.items():
        if len(lines) != len(references) or not references:
            raise ValueError(
                f"paired_bootstrap: {name} has {len(lines)} translations for {len(references)} "
                "references; there must be as many, and at least one."
            )
