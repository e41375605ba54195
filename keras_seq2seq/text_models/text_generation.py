"""From strings to strings: batches, searches, details."""

import dataclasses
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from keras_seq2seq.decoding.constraints import DEAD
from keras_seq2seq.decoding.generation import Generation
from keras_seq2seq.decoding.option_checks import check_ids, check_limit
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.models.decodable import Decodable
from keras_seq2seq.models.processes import refuse_forked
from keras_seq2seq.text.special_tokens import EOS, PAD, UNK
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.source_parts import SourceParts
from keras_seq2seq.text_models.text_inputs import TEXT, as_texts, check_batch_size
from keras_seq2seq.text_models.unknown_tokens import most_attended

Progress = Callable[[int], object] | None
Targets = Sequence[tuple[int, list[int]]]  # which part each is of, and its ids
_MOST_SCORED = 4096  # tokens of a target; a model that writes long ones takes more
Judged = Sequence[tuple[np.ndarray, np.ndarray]]  # what `score_all` gives


def _batches(
    widths: np.ndarray, batch_size: int, progress: Progress, most_tokens: float = math.inf
) -> Iterator[np.ndarray]:
    """Index arrays of at most `batch_size` rows of like width, and of at most so many tokens.

    The widest first, so that trouble with memory shows at once.
    """
    order, done = np.argsort(-widths, kind="stable"), 0
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        pieces = math.ceil(len(batch) * int(widths[batch[0]]) / most_tokens)
        for rows in np.array_split(batch, min(len(batch), max(1, pieces))):
            yield rows
            done += len(rows)
            if progress:
                progress(done)


def search_all(
    seq2seq: Decodable,
    source_ids: np.ndarray,
    options: SearchOptions,
    max_length: int,
    batch_size: int,
    progress: Progress = None,
) -> SearchResult:
    """Searches P sources, int32 [P, S], in batches of like length: arrays [P, N, ...].

    The data of the options are one value for each of the P sources.
    """
    shape = len(source_ids), options.num_return
    found = SearchResult(
        ids=np.full((*shape, max_length), PAD, "int32"),
        length=np.zeros(shape, "int32"),
        score=np.zeros(shape, "float32"),
        ranking=np.zeros(shape, "float32"),
    )
    widths = np.sum(source_ids != PAD, axis=1)
    for rows in _batches(widths, batch_size, progress):
        batch = source_ids[rows, : widths[rows[0]]]
        result = seq2seq.generate(batch, max_length, options.take(rows))
        for array, values in zip(found, result, strict=True):
            array[rows] = np.reshape(values, array[rows].shape)
    return found


def score_all(
    seq2seq: Decodable,
    source_ids: np.ndarray,
    target_ids: Sequence[list[int]],
    batch_size: int,
    progress: Progress = None,
) -> Judged:
    """Scores P targets, EOS included, of P sources, int32 [P, S], in batches of like length.

    Each target gets its scores, float32 [T], and its attention, float32 [T, S] or [T, 0].
    """
    source_widths = np.sum(source_ids != PAD, axis=1)
    widths = np.array(list(map(len, target_ids)))
    found: list[Any] = [None] * len(source_ids)
    # Long targets come in smaller batches: their logits [B, T, V] are large.
    for rows in _batches(widths, batch_size, progress, most_tokens=128 * batch_size):
        targets = np.full((len(rows), max(1, widths[rows].max())), PAD, "int32")  # [B, T]
        for row, i in enumerate(rows):
            targets[row, : widths[i]] = target_ids[i]
        sources = source_ids[rows, : source_widths[rows].max()]
        scores, attention = seq2seq.score_ids(sources, targets)
        for row, i in enumerate(rows):
            seen = attention[row, : widths[i], : source_widths[i]]
            found[i] = scores[row, : widths[i]], seen
    return found


def target_ids(tokenizer: Tokenizer, targets: Sequence[str], max_length: int) -> list[list[int]]:
    """Ids of targets to be scored, EOS behind each; raises a ValueError at one without bound."""
    most = max(_MOST_SCORED, 16 * max_length)
    rows = tokenizer.tokenize(targets, most).to_list() if targets else []
    for place, row in enumerate(rows, start=1):
        if len(row) == most:
            raise ValueError(
                f"score: target {place} has {most:,} tokens or more, but the model writes at most "
                f"{max_length}: {targets[place - 1][:60]!r}... Score it sentence by sentence."
            )
    return [[*row, EOS] for row in rows]


def describe(
    model: Any, parts: SourceParts, targets: Targets, judged: Judged, texts: Sequence[str]
) -> list[Generation]:
    """Makes a `Generation` of each target."""
    sources = {row: _source_details(model, parts, row) for row in {row for row, _ in targets}}
    return [
        Generation(
            text=text,
            score=float(scores.sum(dtype="float64")),
            tokens=[model.target_tokenizer.id_to_token(i) for i in ids],
            token_scores=scores.tolist(),
            attention=attention if attention.shape[1] or not ids else None,
            truncated_source=bool(parts.truncated[row]),
            hit_max_length=bool(ids) and ids[-1] != EOS,
            unknown_target_tokens=ids.count(UNK),
            **sources[row],
        )
        for text, (row, ids), (scores, attention) in zip(texts, targets, judged, strict=True)
    ]


def _source_details(model: Any, parts: SourceParts, row: int) -> dict[str, Any]:
    tokenizer, text = model.source_tokenizer, parts.texts[row]
    ids = [i for i in parts.ids[row].tolist() if i != PAD]
    spans = tokenizer.spans_python(text, len(ids) - 1)
    return {
        "source_tokens": [tokenizer.id_to_token(i) for i in ids],
        "source_spans": [*spans, (len(text), len(text))],  # EOS
        "unknown_source_tokens": ids.count(UNK),
    }


def chosen_ids(found: SearchResult) -> list[list[list[int]]]:
    """The tokens of each result that exists, and EOS where it was reached: P lists of lists."""
    return [
        [
            ids[: length + (EOS in ids[length : length + 1])].tolist()
            for n, (ids, length, ranking) in enumerate(zip(*results, strict=True))
            if ranking > DEAD or n == 0
        ]
        for results in zip(found.ids, found.length, found.ranking, strict=True)
    ]


def replace_unknown(model: Any, parts: SourceParts, targets: Targets, judged: Judged) -> list[str]:
    """Texts of targets with UNK replaced by what the model looked at most."""
    tokenizer, texts = model.target_tokenizer, []
    if model.seq2seq.attention is None:
        raise ValueError("replace_unknown needs a model with attention.")
    for (row, ids), (_, attention) in zip(targets, judged, strict=True):
        if UNK in ids:
            strings = model.source_tokenizer.tokenize_to_strings(
                [parts.texts[row]], attention.shape[1]
            )
            unknown = most_attended(attention[None], strings)  # [1, T]
            text = tokenizer.detokenize(np.array([ids]), unknown=unknown)
            texts.append(text.numpy()[0].decode("utf-8"))
        else:
            texts.append(tokenizer.detokenize_python(ids))
    return texts


def join_parts(
    outputs: list[list[Any]], scores: list[Any], parts: SourceParts, count: int
) -> tuple[list[list[Any]], list[Any]]:
    """Puts the results for the parts of each text together: lists of P -> lists of `count`."""
    if len(parts.owner) == count:
        return outputs, scores
    joined, sums = [], []
    firsts = np.searchsorted(parts.owner, np.arange(1, count))
    for own in np.split(np.arange(len(parts.owner)), firsts):
        rows, is_text = [outputs[p][0] for p in own], isinstance(outputs[own[0]][0], str)
        starts = parts.start[own].tolist()
        joined.append([" ".join(filter(None, rows)) if is_text else Generation.join(rows, starts)])
        sums.append([sum(float(scores[p][0]) for p in own)])
    return joined, sums


def check_texts(texts: Iterable[Any], batch_size: int) -> list[str]:
    """Texts as a list of str, or a clear error; bytes are read as UTF-8, broken ones as U+FFFD."""
    refuse_forked()  # before a tokenizer of the backend runs
    check_batch_size(batch_size)
    return as_texts(texts)


def make_options(
    options: Mapping[str, Any],
    prefix: str | Sequence[str] | None,
    banned: str | Collection[str] | None,
    tokenizer: Tokenizer,
    max_length: int,
    count: int = 1,
) -> SearchOptions:
    """`SearchOptions` of what a caller of `generate` wrote, for `count` targets of a tokenizer."""
    search = SearchOptions.named(options)
    if prefix is not None:
        one = isinstance(prefix, TEXT)
        prefix = as_texts([prefix] if one else prefix, "prefix")
        if not one and len(prefix) != count:
            raise ValueError(
                f"prefix must be one string for all or one for each of {count} texts, got a list "
                f"of {len(prefix)}."
            )
        rows = list(map(tokenizer.tokenize_python, prefix))
        width = max(map(len, rows), default=0)
        forced = [row + [-1] * (width - len(row)) for row in rows]
        forced_ids = (forced[0] if one else forced) if width else None
        search = dataclasses.replace(search, forced_ids=forced_ids)
    if isinstance(banned, (TEXT, Set)):
        banned = [banned] if isinstance(banned, TEXT) else list(banned)
    banned = as_texts(() if banned is None else banned, "banned")
    sequences = filter(None, map(tokenizer.tokenize_python, banned))
    search = dataclasses.replace(search, banned_ids=(*(search.banned_ids or ()), *sequences))
    check_ids(search, tokenizer.vocabulary_size)
    check_limit(search, max_length)
    return search
