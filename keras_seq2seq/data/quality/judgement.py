"""What a model will make of pairs: unknown tokens, lengths, repetitions, blanks."""

from typing import Any

import numpy as np

from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.quality.alike import normalized
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.normalization import is_blank
from keras_seq2seq.text.special_tokens import UNK
from keras_seq2seq.text.tokenizer import Tokenizer

Facts = dict[str, Any]

# From these shares on there is a complaint.
UNKNOWN, IN_TRAIN, SOURCES_IN_TRAIN, SEVERAL_TARGETS, OVER_LONG = 0.02, 0.01, 0.1, 0.2, 0.1


def facts_of(encoded: EncodedPairs) -> Facts:
    """What there is to know of pairs alone, as plain data.

    Returns:
        dict of `source` and `target`, each with `unknown_tokens` (a share) and `lengths` (tokens
        without BOS and EOS: `min`, `median`, `p95`, `max`); of `sources`, how many different ones
        there are, and `sources_with_several_targets`; of `blank_sources` and `blank_references`.

    Example:

    >>> from keras_seq2seq.data import SentencePairs
    >>> from keras_seq2seq.text import ByteTokenizer
    >>> pairs = SentencePairs(["a", "a"], ["one", "two"])
    >>> facts_of(EncodedPairs.of(pairs, ByteTokenizer(), ByteTokenizer()))["target"]["lengths"]
    {'min': 3, 'median': 3, 'p95': 3, 'max': 3}
    """
    pairs = encoded.pairs
    targets: dict[str, set[str]] = {}
    for source, target in pairs:
        targets.setdefault(source, set()).add(target)
    return {
        "source": _side(encoded.sources),
        "target": _side(encoded.targets),
        "sources": len(targets),
        "sources_with_several_targets": sum(len(found) > 1 for found in targets.values()),
        "blank_sources": sum(map(is_blank, pairs.sources)),
        "blank_references": sum(map(is_blank, pairs.targets)),
    }


def overlap(train: SentencePairs, other: SentencePairs, *tokenizers: Tokenizer) -> dict[str, int]:
    """How many of the other pairs, and of their sources, stand in those to train on, normalised."""
    known = set(normalized(train, *tokenizers))
    sources = {source for source, _ in known}
    found = normalized(other, *tokenizers)
    pairs = sum(pair in known for pair in found)
    return {"pairs": pairs, "sources": sum(source in sources for source, _ in found)}


def judge_pairs(
    train: EncodedPairs | Any, valid: EncodedPairs, *tokenizers: Tokenizer
) -> tuple[dict[str, Facts], list[str]]:
    """Judges the pairs of a run.

    Args:
        train: Pairs in memory, or `CachedPairs`, which know what there is to know of them.
        valid: Pairs in memory.
        *tokenizers: Those of sources and of targets.

    Returns:
        {"train": ..., "valid": ...}, each the `facts_of` the pairs and what their report says;
        that of `valid` with `in_train`, its `overlap`. And what is to be complained of.
    """
    if isinstance(train, EncodedPairs):
        of_train, shared = facts_of(train), overlap(train.pairs, valid.pairs, *tokenizers)
    else:
        of_train, shared = train.facts, train.overlap(valid.pairs)
    facts = {
        "train": {**train.pairs.report.to_dict(), **of_train},
        "valid": {**valid.pairs.report.to_dict(), **facts_of(valid), "in_train": shared},
    }
    return facts, [*_of_split(facts["train"], "train"), *_of_split(facts["valid"], "valid")]


def side_facts(lengths: np.ndarray, unknown: int) -> Facts:
    """What there is to know of one side, by its lengths, (N,), and the number of its UNK."""
    shown = {"min": 0, "median": 50, "p95": 95, "max": 100}
    return {
        "unknown_tokens": round(unknown / max(int(lengths.sum()), 1), 6),
        "lengths": {
            name: int(np.percentile(lengths, q, method="higher")) if len(lengths) else 0
            for name, q in shown.items()
        },
    }


def _side(rows: TokenRows) -> Facts:
    return side_facts(rows.lengths, int((rows.flat[:-1] == UNK).sum()))


def _of_split(facts: Facts, name: str) -> list[str]:
    """What is above a threshold, in words that say what to do."""
    several, count = facts["sources_with_several_targets"], facts["kept"]
    said = complaints_of_unknown(facts, name)
    if facts["over_long"] > OVER_LONG * (count + facts["over_long"]):
        said.append(
            f"{name}: {facts['over_long']:,} pairs are over-long and left out. Raise "
            "data.max_source_length and data.max_target_length to keep them."
        )
    if name == "train" and several > SEVERAL_TARGETS * facts["sources"]:
        said.append(
            f"{name}: {several:,} of {facts['sources']:,} sources have several targets. A model "
            "gives one of them: expect a low exact match, or keep one target for each source."
        )
    if name == "valid":
        said += complaints_of_overlap(facts["in_train"], count, name)
    return said


def complaints_of_unknown(facts: Facts, name: str) -> list[str]:
    """Says of which side too many tokens are unknown."""
    said = []
    for side in ("source", "target"):
        share = facts[side]["unknown_tokens"]
        if share > UNKNOWN:
            said.append(
                f"{name}: {share:.1%} of the {side} tokens are unknown, and one unknown token is "
                "like any other to a model; token accuracy counts them as right. Look whether "
                "language and columns are the right ones; then raise text.vocabulary_size or "
                "text.character_coverage, or set text.byte_fallback = true."
            )
    return said


def complaints_of_overlap(found: dict[str, int], count: int, name: str) -> list[str]:
    """Says that too much of a split was learnt from, so that it tells little."""
    advice = "What was learnt by heart says little of new text."
    if found["pairs"] > IN_TRAIN * count:
        return [
            f"{name}: {found['pairs']:,} of {count:,} pairs are in train as well. {advice} Name "
            "other pairs, or take these out of train."
        ]
    if found["sources"] > SOURCES_IN_TRAIN * count:
        return [
            f"{name}: the sources of {found['sources']:,} of {count:,} pairs are in train as "
            f"well, with other targets. {advice}"
        ]
    return []
