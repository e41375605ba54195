"""Pairs that are one and the same once they are normalised."""

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text.normalization import is_blank
from keras_seq2seq.text.tokenizer import Tokenizer


def normalized(pairs: SentencePairs, *tokenizers: Tokenizer) -> list[tuple[str, str]]:
    """The pairs as the tokenizers of both sides read them, before they cut."""
    source, target = (tokenizer.normalization.normalize_python for tokenizer in tokenizers)
    return [(source(one), target(other)) for one, other in pairs]


def drop_alike(pairs: SentencePairs, *tokenizers: Tokenizer) -> SentencePairs:
    """Drops pairs that tokenizers cannot tell from an earlier one, though they are written so.

    They differ in Unicode form, case or what else the tokenizers' normalization takes away. Pairs
    that are equal as they are written stay: whoever read them has decided about those. A side of
    which normalization leaves nothing counts as empty.

    Args:
        pairs: Pairs as they were read.
        *tokenizers: Those of sources and of targets.

    Returns:
        Pairs whose report counts what was dropped as `duplicate` and `empty`.

    Example:

    >>> from keras_seq2seq.text import ByteTokenizer
    >>> pairs = SentencePairs(["caf\\u00e9", "cafe\\u0301", "tea"], ["a", "a", "b"])
    >>> drop_alike(pairs, ByteTokenizer(), ByteTokenizer()).report.describe()
    'memory: 3 pairs read, 2 kept (1 duplicate)'
    """
    first: dict[tuple[str, str], tuple[str, str]] = {}
    kept, duplicate, empty = [], 0, 0
    for i, (read, seen) in enumerate(zip(pairs, normalized(pairs, *tokenizers), strict=True)):
        if any(not text and not is_blank(side) for text, side in zip(seen, read, strict=True)):
            empty += 1
        elif first.setdefault(seen, read) != read:
            duplicate += 1
        else:
            kept.append(i)
    return pairs.keep(kept, duplicate=duplicate, empty=empty) if duplicate or empty else pairs
