"""Corpus-level scores with their signatures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sacrebleu

from keras_seq2seq.evaluation.moses_text import lowercased_tokenised, moses_signature


@dataclasses.dataclass(frozen=True)
class CorpusScores:
    """Scores of a list of translations, and the signatures that make them comparable.

    Attributes:
        sentences: int.
        bleu: float, 0 to 100: cased sacreBLEU.
        chrf: float, 0 to 100: chrF2.
        ter: float, 0 or more, the lower the better: translation edit rate in percent.
        exact_match: float, 0 to 100: share of translations equal to the reference.
        bleu_signature, chrf_signature, ter_signature: str, as sacreBLEU prints them.
        text: str. What was done to both texts before: "raw", or the signature of Moses' scripts.
    """

    sentences: int
    bleu: float
    chrf: float
    ter: float
    exact_match: float
    bleu_signature: str
    chrf_signature: str
    ter_signature: str
    text: str = "raw"


def score_corpus(
    hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a"
) -> CorpusScores:
    """Scores translations as they are, one reference each.

    Args:
        hypotheses: list of N strings.
        references: list of N strings.
        tokenize: sacreBLEU's tokenizer for BLEU: `"13a"`, `"zh"`, `"char"`, `"intl"`, `"none"`, ...

    Returns:
        `CorpusScores`.

    Raises:
        ValueError: if there are not as many translations as references, or none.

    Example:

    >>> score_corpus(["A cat sits on the mat."], ["A cat sits on the mat."]).exact_match
    100.0

    Reference: [Post, 2018](https://aclanthology.org/W18-6319), [Popović, 2015](
    https://aclanthology.org/W15-3049), [Snover et al., 2006](
    https://aclanthology.org/2006.amta-papers.25).
    """
    _check_numbers("score_corpus", hypotheses, references)
    return _score(hypotheses, references, corpus_metrics(tokenize))


def score_lowercased_tokenised(
    hypotheses: Sequence[str], references: Sequence[str], language: str = "en"
) -> CorpusScores:
    """Scores translations as published tables do, one reference each.

    Both texts are treated alike: normalised, Moses-tokenised and lower-cased by
    `lowercased_tokenised`; then BLEU does not tokenise again.

    Args:
        hypotheses: list of N strings, plain text with capitals and spaces as usual.
        references: list of N strings, plain text.
        language: str. Two-letter code of the target language.

    Returns:
        `CorpusScores`, whose `text` says what was done to the texts.

    Raises:
        ValueError: if there are not as many translations as references, or none, or Moses does
            not know the language.

    Example:

    >>> scores = score_lowercased_tokenised(["A cat, on the mat."], ["a cat, on the mat."])
    >>> round(scores.bleu), scores.exact_match
    (100, 100.0)
    """
    _check_numbers("score_lowercased_tokenised", hypotheses, references)
    ours, theirs = (lowercased_tokenised(lines, language) for lines in (hypotheses, references))
    metrics = corpus_metrics("none", lowercased=True)
    return _score(ours, theirs, metrics, moses_signature(language))


def corpus_metrics(tokenize: str = "13a", lowercased: bool = False) -> dict[str, Any]:
    """sacreBLEU's metrics by name; `lowercased` says that the text is lower-cased and tokenised.

    Args:
        tokenize: str. The tokenizer of BLEU.
        lowercased: bool. It is said in the signatures.

    Returns:
        dict from "bleu", "chrf" and "ter" to metrics of sacreBLEU.

    Example:

    >>> sorted(corpus_metrics())
    ['bleu', 'chrf', 'ter']
    """
    return {
        # `force` keeps it from warning that the text looks tokenised: it is.
        "bleu": sacrebleu.BLEU(tokenize=tokenize, lowercase=lowercased, force=True),
        "chrf": sacrebleu.CHRF(lowercase=lowercased),
        "ter": sacrebleu.TER(),
    }


def _score(hypotheses, references, metrics, text="raw"):
    hypotheses, references = list(hypotheses), list(references)
    scores: dict[str, Any] = {}
    for name, metric in metrics.items():
        scores[name] = metric.corpus_score(hypotheses, [references]).score
        scores[f"{name}_signature"] = str(metric.get_signature())
    equal = sum(h == r for h, r in zip(hypotheses, references, strict=True))
    return CorpusScores(
        sentences=len(references),
        exact_match=100.0 * equal / len(references),
        text=text,
        **scores,
    )


def _check_numbers(function, hypotheses, references):
    if len(hypotheses) != len(references) or not references:
        raise ValueError(
            f"{function}: expected as many translations as references, at least one; got "
            f"{len(hypotheses)} and {len(references)}."
        )
