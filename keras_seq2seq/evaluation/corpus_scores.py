"""Corpus-level scores with their signatures."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import sacrebleu

from keras_seq2seq.evaluation.moses_text import lowercased_tokenised, moses_signature


@dataclasses.dataclass(frozen=True)
class CorpusScores:
    """Scores of a list of translations, and the signatures that make them comparable.

    Attributes:
        sentences: How many there are.
        bleu: Cased sacreBLEU, 0 to 100.
        chrf: chrF2, 0 to 100.
        ter: Translation edit rate in percent, the lower the better.
        exact_match: Percentage of translations equal to the reference; a blank one equals none.
        bleu_signature, chrf_signature, ter_signature: As sacreBLEU prints them.
        text: What was done to both texts before: "raw", or the signature of Moses' scripts.
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
        hypotheses: N translations.
        references: N strings.
        tokenize: sacreBLEU's tokenizer for BLEU: `"13a"`, `"zh"`, `"char"`, `"intl"`, `"none"`, ...

    Raises:
        ValueError: There are not as many translations as references, or none; all references are
            blank.

    Example:

    >>> score_corpus(["A cat sits on the mat."], ["A cat sits on the mat."]).exact_match
    100.0

    Reference: [Post, 2018](https://aclanthology.org/W18-6319), [Popović, 2015](
    https://aclanthology.org/W15-3049), [Snover et al., 2006](
    https://aclanthology.org/2006.amta-papers.25).
    """
    return _score("score_corpus", hypotheses, references, corpus_metrics(tokenize))


def score_lowercased_tokenised(
    hypotheses: Sequence[str], references: Sequence[str], language: str = "en"
) -> CorpusScores:
    """Scores translations as published tables do, one reference each.

    Both texts are treated alike: normalised, Moses-tokenised and lower-cased by
    `lowercased_tokenised`, as `text` of the scores says; then BLEU does not tokenise again.

    Args:
        hypotheses: N translations, plain text with capitals and spaces as usual.
        references: N strings, plain text.
        language: Two-letter code of the target language.

    Raises:
        ValueError: As `score_corpus` does, or Moses does not know the language.

    Example:

    >>> scores = score_lowercased_tokenised(["A cat, on the mat."], ["a cat, on the mat."])
    >>> round(scores.bleu), scores.exact_match
    (100, 100.0)
    """
    ours, theirs = (lowercased_tokenised(lines, language) for lines in (hypotheses, references))
    metrics, text = corpus_metrics("none", lowercased=True), moses_signature(language)
    return _score("score_lowercased_tokenised", ours, theirs, metrics, text)


def corpus_metrics(tokenize: str = "13a", lowercased: bool = False) -> dict[str, Any]:
    """sacreBLEU's metrics by name; `lowercased` text is tokenised too, and signatures say so."""
    return {
        # `force` keeps it from warning that the text looks tokenised: it is.
        "bleu": sacrebleu.BLEU(tokenize=tokenize, lowercase=lowercased, force=True),
        "chrf": sacrebleu.CHRF(lowercase=lowercased),
        "ter": sacrebleu.TER(),
    }


def exact_match(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """Percentage of the translations that are equal to the reference, a blank one to none."""
    return 100.0 * sum(matches(hypotheses, references)) / len(references)


def matches(hypotheses: Sequence[str], references: Sequence[str]) -> list[bool]:
    """Whether each translation is equal to its reference; a blank one is equal to none."""
    pairs = zip(hypotheses, references, strict=True)
    return [ours == theirs and bool(theirs.strip()) for ours, theirs in pairs]


def _score(
    function: str,
    hypotheses: Sequence[str],
    references: Sequence[str],
    metrics: dict[str, Any],
    text: str = "raw",
) -> CorpusScores:
    if len(hypotheses) != len(references) or not references:
        raise ValueError(
            f"{function}: expected as many translations as references, at least one; got "
            f"{len(hypotheses)} and {len(references)}."
        )
    if not any(map(str.strip, references)):
        raise ValueError(f"{function}: all of {len(references):,} references are blank.")
    scores: dict[str, Any] = {}
    for name, metric in metrics.items():
        scores[name] = metric.corpus_score(list(hypotheses), [list(references)]).score
        scores[f"{name}_signature"] = str(metric.get_signature())
    equal = exact_match(hypotheses, references)
    return CorpusScores(len(references), exact_match=equal, text=text, **scores)
