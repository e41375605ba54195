"""Text as published tables count it: normalised, Moses-tokenised, lower-cased."""

import importlib.metadata
from collections.abc import Iterable

from keras_seq2seq.nearest_name import did_you_mean

_WITHOUT_PREFIXES = {"ja", "ko"}  # known to the tokenizer, though it has no abbreviations for them


def lowercased_tokenised(lines: Iterable[str], language: str = "en") -> list[str]:
    """Prepares text in the way of most published tables on small corpora.

    In this order: Moses' punctuation normaliser, Moses' tokenizer (no HTML escapes, no splitting
    at hyphens), lower case. BLEU of two texts that were both prepared so, without a tokenizer of
    its own, is what `multi-bleu.perl`, fairseq's BLEU4 and nmtpy count.

    Args:
        lines: Plain text.
        language: Two-letter code, by which Moses knows abbreviations and quotation marks.

    Raises:
        ValueError: Moses does not know the language.

    Example:

    >>> lowercased_tokenised(["Ein „Hund“ läuft, z. B. hier."], "de")
    ['ein " hund " läuft , z. b. hier .']

    Reference: Moses, `normalize-punctuation.perl`, `tokenizer.perl` and `lowercase.perl`, as
    [sacremoses](https://pypi.org/project/sacremoses/) has them.
    """
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    check_moses_language(language)
    normalizer, tokenizer = MosesPunctNormalizer(language), MosesTokenizer(language)
    return [
        tokenizer.tokenize(normalizer.normalize(line), return_str=True, escape=False).lower()
        for line in lines
    ]


def check_moses_language(language: str) -> None:
    """Refuses a language that Moses does not know, and names the nearest."""
    from sacremoses.corpus import NonbreakingPrefixes

    known = _WITHOUT_PREFIXES | set(NonbreakingPrefixes().available_langs.values())
    if language not in known:
        raise ValueError(
            f"The language {language!r} is not known to Moses; choose one of "
            f"{', '.join(sorted(known))}.{did_you_mean(language, known)}"
        )


def moses_signature(language: str) -> str:
    """What was done to the text, in the manner of sacreBLEU's signatures.

    >>> moses_signature("de").partition("|version:")[0]
    'norm:moses|tok:moses-de|case:lc'
    """
    version = importlib.metadata.version("sacremoses")
    return f"norm:moses|tok:moses-{language}|case:lc|version:sacremoses-{version}"
