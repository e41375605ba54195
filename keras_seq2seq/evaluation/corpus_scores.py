"""Corpus-level scores with their signatures."""

import dataclasses

import sacrebleu


@dataclasses.dataclass(frozen=True)
class CorpusScores:
    """Scores of a list of translations, and the signatures that make them comparable.

    Attributes:
        sentences: int.
        bleu: float, 0 to 100: cased sacreBLEU.
        chrf: float, 0 to 100: chrF2.
        exact_match: float, 0 to 100: share of translations equal to the reference.
        bleu_signature, chrf_signature: str, as sacreBLEU prints them.
    """

    sentences: int
    bleu: float
    chrf: float
    exact_match: float
    bleu_signature: str
    chrf_signature: str


def score_corpus(hypotheses, references, tokenize="13a"):
    """Scores translations, one reference each.

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
    https://aclanthology.org/W15-3049).
    """
    if len(hypotheses) != len(references) or not references:
        raise ValueError(
            f"score_corpus: expected as many translations as references, at least one; got "
            f"{len(hypotheses)} and {len(references)}."
        )
    bleu, chrf = sacrebleu.BLEU(tokenize=tokenize), sacrebleu.CHRF()
    bleu_score = bleu.corpus_score(hypotheses, [references]).score
    chrf_score = chrf.corpus_score(hypotheses, [references]).score
    equal = sum(h == r for h, r in zip(hypotheses, references, strict=True))
    return CorpusScores(
        sentences=len(references),
        bleu=bleu_score,
        chrf=chrf_score,
        exact_match=100.0 * equal / len(references),
        bleu_signature=str(bleu.get_signature()),
        chrf_signature=str(chrf.get_signature()),
    )
