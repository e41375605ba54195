"""From strings to strings: batches, searches, details."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_seq2seq.decoding.constraints import DEAD
from keras_seq2seq.decoding.generation import Generation
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.text.special_tokens import EOS, PAD, UNK
from keras_seq2seq.text_models.unknown_tokens import most_attended

if TYPE_CHECKING:
    from keras_seq2seq.text.tokenizer import Tokenizer
    from keras_seq2seq.text_models.source_parts import SourceParts

Progress = Callable[[int], object] | None


def batches_by_length(widths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Index arrays of at most `batch_size` rows of like width, the widest first.

    The widest first, so that trouble with memory shows at once.
    """
    order = np.argsort(-widths, kind="stable")
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def search_all(
    seq2seq: Any,
    source_ids: np.ndarray,
    options: SearchOptions,
    max_length: int,
    batch_size: int,
    progress: Progress = None,
) -> SearchResult:
    """Searches P sources in batches of like length.

    Args:
        seq2seq: a `Searchable`.
        source_ids: int32 array [P, S].
        options: `SearchOptions`; data as one value or one for each of the P sources.
        max_length: int. T.
        batch_size: int.
        progress: callable that is told how many are done, or `None`.

    Returns:
        A `SearchResult` of arrays [P, N, ...].
    """
    count, results = len(source_ids), options.num_return
    options = options.for_batch(count)
    found = SearchResult(
        ids=np.full((count, results, max_length), PAD, "int32"),
        length=np.zeros((count, results), "int32"),
        score=np.zeros((count, results), "float32"),
        ranking=np.zeros((count, results), "float32"),
    )
    widths, done = np.sum(source_ids != PAD, axis=1), 0
    for rows in batches_by_length(widths, batch_size):
        batch = source_ids[rows, : widths[rows[0]]]
        result = seq2seq.generate(batch, max_length, options.take(rows))
        for array, values in zip(found, result, strict=True):
            array[rows] = np.reshape(values, array[rows].shape)
        done += len(rows)
        if progress:
            progress(done)
    return found


def score_all(
    seq2seq: Any,
    source_ids: np.ndarray,
    target_ids: Sequence[list[int]],
    batch_size: int,
    progress: Progress = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Scores P targets of P sources in batches of like length.

    Args:
        source_ids: int32 array [P, S].
        target_ids: list of P lists of int, EOS included where a target is whole.

    Returns:
        list of P pairs: scores, float32 array [T]; attention, float32 array [T, S] or [T, 0].
    """
    source_widths = np.sum(source_ids != PAD, axis=1)
    widths, done = np.array([len(ids) for ids in target_ids]), 0
    found = [None] * len(source_ids)
    for batch in batches_by_length(widths, batch_size):
        # Long targets come in smaller batches: their logits [B, T, V] are large.
        for rows in np.array_split(batch, _pieces(len(batch), widths[batch[0]], batch_size)):
            width = max(1, widths[rows].max())
            targets = np.full((len(rows), width), PAD, "int32")  # [B, T]
            for row, i in enumerate(rows):
                targets[row, : widths[i]] = target_ids[i]
            sources = source_ids[rows, : source_widths[rows].max()]
            scores, attention = seq2seq.score_ids(sources, targets)
            for row, i in enumerate(rows):
                seen = attention[row, : widths[i], : source_widths[i]]
                found[i] = scores[row, : widths[i]], seen
            done += len(rows)
            if progress:
                progress(done)
    return found


def _pieces(rows, width, batch_size):
    """Into how many pieces a batch is cut so that none has more than 128 tokens a row."""
    return min(rows, max(1, -(-rows * int(width) // (128 * batch_size))))


def describe(
    model: Any,
    parts: SourceParts,
    targets: Sequence[list[int]],
    rows_of: Sequence[int],
    judged: Sequence[tuple[np.ndarray, np.ndarray]],
    texts: Sequence[str],
) -> list[Generation]:
    """Makes a `Generation` of each target.

    Args:
        model: a `TextSeq2Seq`.
        parts: `SourceParts`.
        targets: list of M lists of ids, EOS included where it was reached.
        rows_of: list of M ints, the part that each target belongs to.
        judged: list of M pairs, what `score_all` gave for them.
        texts: list of M strings.

    Returns:
        list of M `Generation`s.
    """
    sources = {row: _source_details(model, parts, row) for row in set(rows_of)}
    found = []
    for text, ids, row, (scores, attention) in zip(texts, targets, rows_of, judged, strict=True):
        found.append(
            Generation(
                text=text,
                score=float(scores.sum(dtype="float64")),
                tokens=[model.target_tokenizer.id_to_token(i) for i in ids],
                token_scores=scores.tolist(),
                attention=attention if attention.shape[1] or not len(ids) else None,
                truncated_source=bool(parts.truncated[row]),
                hit_max_length=bool(len(ids)) and ids[-1] != EOS,
                unknown_target_tokens=sum(i == UNK for i in ids),
                **sources[row],
            )
        )
    return found


def _source_details(model, parts, row):
    ids, tokenizer = parts.ids[row], model.source_tokenizer
    ids = ids[ids != PAD].tolist()
    text = parts.texts[row]
    spans = tokenizer.spans_python(text)[: len(ids) - 1]
    return {
        "source_tokens": [tokenizer.id_to_token(i) for i in ids],
        "source_spans": [*spans, (len(text), len(text))],  # EOS
        "unknown_source_tokens": sum(i == UNK for i in ids),
    }


def chosen_ids(found: SearchResult) -> list[list[list[int]]]:
    """The tokens of each result that exists: [P, N, T] -> list of P lists of lists of ids."""
    rows = []
    for ids, lengths, rankings in zip(found.ids, found.length, found.ranking, strict=True):
        real = [n for n, ranking in enumerate(rankings) if ranking > DEAD or n == 0]
        rows.append([_with_eos(ids[n], lengths[n]) for n in real])
    return rows


def _with_eos(ids, length):
    """The tokens of one row, and EOS where it was reached."""
    whole = length < len(ids) and ids[length] == EOS
    return ids[: length + 1 if whole else length].tolist()


def replace_unknown(
    model: Any,
    parts: SourceParts,
    targets: Sequence[list[int]],
    rows_of: Sequence[int],
    judged: Sequence[tuple[np.ndarray, np.ndarray]],
) -> list[str]:
    """Texts of targets with UNK replaced by what the model looked at most."""
    tokenizer, texts = model.target_tokenizer, []
    if model.seq2seq.attention is None:
        raise ValueError("replace_unknown needs a model with attention.")
    for ids, row, (_, attention) in zip(targets, rows_of, judged, strict=True):
        if UNK not in ids:
            texts.append(tokenizer.detokenize_python(ids))
            continue
        strings = model.source_tokenizer.tokenize_to_strings([parts.texts[row]])
        unknown = most_attended(attention[None], strings)  # [1, T]
        text = tokenizer.detokenize(np.array([ids]), unknown=unknown)
        texts.append(text.numpy()[0].decode("utf-8"))
    return texts


def join_parts(
    outputs: list[list[Any]], scores: list[Any], parts: SourceParts, count: int
) -> tuple[list[list[Any]], list[Any]]:
    """Puts the results for the parts of each text together: lists of P -> lists of `count`."""
    if len(parts.owner) == count:
        return outputs, scores
    joined, sums = [], []
    for i in range(count):
        own = np.flatnonzero(parts.owner == i)
        rows = [outputs[p][0] for p in own]
        if isinstance(rows[0], Generation):
            joined.append([Generation.join(rows, parts.start[own].tolist())])
        else:
            joined.append([" ".join(filter(None, rows))])
        sums.append([sum(float(scores[p][0]) for p in own)])
    return joined, sums


def check_texts(texts: Iterable[Any], batch_size: int) -> list[str]:
    """Texts as a list of str, or a clear error; bytes are read as UTF-8, broken ones as U+FFFD."""
    texts = list(texts)
    wrong = next((t for t in texts if not isinstance(t, (str, bytes))), None)
    if wrong is not None:
        raise TypeError(f"generate: expected strings, got {type(wrong).__name__}: {wrong!r}.")
    if batch_size < 1:
        raise ValueError(f"generate: batch_size must be at least 1, got {batch_size}.")
    return [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in texts]


def make_options(
    options: Mapping[str, Any],
    prefix: str | Sequence[str] | None,
    banned: str | Sequence[str],
    tokenizer: Tokenizer,
    max_length: int,
) -> SearchOptions:
    """`SearchOptions` of what a caller of `generate` wrote.

    Args:
        options: dict of keyword arguments.
        prefix: str, list of str or `None`.
        banned: list of str, or one str.
        tokenizer: `Tokenizer` of the target.
        max_length: int. The T of the search.
    """
    search = SearchOptions.named(options)
    if search.max_length is not None and np.max(search.max_length) > max_length:
        raise ValueError(
            f"generate: max_length={search.max_length} is above the model's max_target_length of "
            f"{max_length}; set model.max_target_length before."
        )
    if prefix is not None:
        one = isinstance(prefix, str)
        rows = [tokenizer.tokenize_python(text) for text in ([prefix] if one else prefix)]
        width = max(map(len, rows), default=0)
        forced = [row + [-1] * (width - len(row)) for row in rows]
        forced_ids = (forced[0] if one else forced) if width else None
        search = dataclasses.replace(search, forced_ids=forced_ids)
    banned = [banned] if isinstance(banned, str) else banned
    sequences = filter(None, map(tokenizer.tokenize_python, banned))
    return dataclasses.replace(search, banned_ids=(*search.banned_ids, *sequences))
