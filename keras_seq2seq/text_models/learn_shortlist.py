"""Learns which target tokens a source token leads to."""

import numbers
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.text.special_tokens import PAD
from keras_seq2seq.text_models.source_parts import SourceParts
from keras_seq2seq.text_models.text_generation import Progress, score_all, target_ids
from keras_seq2seq.text_models.text_inputs import as_texts_to_judge, check_batch_size

_LOOKED = 0.05  # attention below is none
_LEAST = 0.005  # of all that a source token leads to: what is rarer is chance, and lengthens lists
_BLOCK = 4096  # pairs whose links are counted at once


def learn_shortlist(
    model: Any,
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    candidates: int = 50,
    always: int | None = None,
    size: int | None = None,
    batch_size: int = 64,
    progress: Progress = None,
) -> Any:
    """Makes a model that knows `generate(..., shortlist=True)`, which it learns from attention.

    For each source token it counts what was written while the model looked at it, and keeps the
    most frequent, as far as they are half a percent of that; whatever stands most often among the
    targets is in every list. With one vocabulary for both sides each token is also a candidate of
    itself, for names.

    Args:
        model: `TextSeq2Seq` of a `Seq2Seq` with attention.
        sources, targets: N strings each: what the model learnt from, or some 30,000 pairs of it.
        candidates: int. C, the most translations of one source token.
        always: int. F, tokens of every list, the four special ones among them; by default
            1,000, or half of `size` if that is below 1,280. Beams must be at most half of them.
        size: int. L, the most tokens of a list, below the target's vocabulary; by default 1,280,
            or half of the vocabulary if that is less.
        batch_size: int. How many pairs run at once.
        progress: callable that is told how many are done, or `None`.

    Returns:
        An uncompiled `TextSeq2Seq` with the same weights and a `Shortlist`, which is saved and
        exported with it.

    Raises:
        ValueError: the model has no attention; sizes, or sources and targets, do not fit together.

    Example:

    ```python
    fast = text_models.learn_shortlist(model, pairs.sources, pairs.targets)
    fast.generate(texts, beam_size=4, shortlist=True)
    ```
    """
    seq2seq = model.seq2seq
    if not hasattr(seq2seq, "with_shortlist"):
        raise ValueError(f"learn_shortlist: a {type(seq2seq).__name__} cannot have a shortlist.")
    if seq2seq.attention is None:
        raise ValueError("learn_shortlist needs a model with attention, but this one has none.")
    for name, number in {"candidates": candidates, "always": always, "size": size}.items():
        if number is not None and not isinstance(number, numbers.Integral):
            raise ValueError(f"learn_shortlist: {name} must be an int, got {number!r}.")
    vocabulary = seq2seq.target_vocabulary_size
    special = max(i for i in (PAD, seq2seq.bos_id, seq2seq.eos_id) if i < vocabulary) + 1
    size = min(1280, max(vocabulary // 2, special + 1)) if size is None else size
    if always is None:
        always = 1000 if size >= 1280 else max(size // 2, special)
    if candidates < 1 or not special <= always < size:  # without EOS no search would end
        raise ValueError(
            f"learn_shortlist: expected candidates >= 1 and {special} <= always < size, as every "
            f"list has the {special} special tokens, got candidates={candidates}, "
            f"always={always}, size={size}."
        )
    if size >= vocabulary:
        raise ValueError(
            f"learn_shortlist: lists of size={size} gain nothing over a vocabulary of {vocabulary} "
            "tokens. Give a smaller size, or do without."
        )
    check_batch_size(batch_size)
    sources, targets = as_texts_to_judge(sources, targets, "learn_shortlist")
    if not sources:
        raise ValueError("learn_shortlist: there are no pairs to learn from.")
    links, frequency = _count(model, sources, targets, batch_size, progress)
    frequency[:special] = np.inf
    tokens = np.sort(np.argsort(-frequency, kind="stable")[:always])
    is_same = model.source_tokenizer is model.target_tokenizer or (
        model.source_tokenizer.vocabulary_state() == model.target_tokenizer.vocabulary_state()
    )
    shape = seq2seq.source_vocabulary_size, candidates
    table = _table(links, shape, vocabulary, tokens, is_same)
    return model._around(seq2seq.with_shortlist(table, tokens, size))


def _count(
    model: Any, sources: list[str], targets: list[str], batch_size: int, progress: Progress
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Links between tokens, `key` = source V + target and `weight`, and frequencies [V]."""
    width = model.seq2seq.target_vocabulary_size
    frequency = np.zeros(width)
    links = {"key": np.zeros(0, "int64"), "weight": np.zeros(0)}
    for start in range(0, len(sources), _BLOCK):
        parts = SourceParts.read(
            sources[start : start + _BLOCK],
            model.source_tokenizer,
            model.max_source_length,
            "truncate",
        )
        ids = target_ids(
            model.target_tokenizer, targets[start : start + _BLOCK], model.max_target_length
        )
        ids = [row[: model.max_target_length] for row in ids]

        def tell(done: int, before: int = start) -> None:
            if progress:
                progress(before + done)

        judged = score_all(model.seq2seq, parts.ids, ids, batch_size, tell)
        for row in ids:
            frequency += np.bincount(row, minlength=width)
        found = list(_links(parts.ids, ids, [attention for _, attention in judged], width))
        links = _merged(
            np.concatenate([links["key"], *(keys for keys, _ in found)]),
            np.concatenate([links["weight"], *(weights for _, weights in found)]),
        )
    return links, frequency


def _links(
    sources: np.ndarray, targets: list[list[int]], attention: list[np.ndarray], width: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each pair: what each target token, of T, looked at, attention [T, S]."""
    for source, target, weights in zip(sources, targets, attention, strict=True):
        places = np.argwhere(weights > _LOOKED)  # [N, 2]
        keys = source[places[:, 1]].astype("int64") * width + np.array(target)[places[:, 0]]
        yield keys, weights[places[:, 0], places[:, 1]]


def _merged(keys: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    unique, places = np.unique(keys, return_inverse=True)
    return {"key": unique, "weight": np.bincount(places, weights, len(unique))}


def _table(
    links: dict[str, np.ndarray],
    shape: tuple[int, int],
    width: int,
    tokens: np.ndarray,
    is_same: bool,
) -> np.ndarray:
    """The likeliest targets of each source token, int32 [V, C]; the rest is what all lists have."""
    rows, candidates = shape
    source, target = np.divmod(links["key"], width)
    weight = links["weight"]
    frequent = weight >= _LEAST * np.bincount(source, weight, rows)[source]
    source, target, weight = source[frequent], target[frequent], weight[frequent]
    if is_same:
        own = np.arange(rows)
        source, target = np.concatenate([source, own]), np.concatenate([target, own])
        weight = np.concatenate([weight, np.full(rows, np.inf)])
    kept = ~np.isin(target, tokens)
    source, target, weight = source[kept], target[kept], weight[kept]
    order = np.lexsort((-weight, source))
    source, target = source[order], target[order]
    _, first = np.unique(source, return_index=True)
    place = np.arange(len(source)) - np.repeat(first, np.diff([*first, len(source)]))
    table = np.full(shape, tokens[0], "int32")
    chosen = place < candidates
    table[source[chosen], place[chosen]] = target[chosen]
    return table
