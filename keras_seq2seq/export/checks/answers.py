"""Does every signature of a SavedModel answer as the model does?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.decoding.constraints import DEAD
from keras_seq2seq.decoding.generation import Generation
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native.agreement import same
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.export.signatures.plan import Plan
from keras_seq2seq.export.signatures.searching import NEUTRAL, OF_SAMPLING
from keras_seq2seq.text.framing import encode_source_python
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

_BATCH = 32

Row = Mapping[str, Any]  # what a signature gives for one text


def check_answers(
    model: TextSeq2Seq, artefact: SavedModelArtefact, plan: Plan, texts: Sequence[str]
) -> None:
    """Raises an `ExportError` that shows how a signature first differs from the model."""
    options: dict[str, Any] = {"return_details": True, "replace_unknown": plan.replace_unknown}
    options |= {"shortlist": plan.shortlist}
    greedy, scores = model.generate(texts, return_scores=True, **options)
    targets = [generation.text for generation in greedy]
    for name in ("serving_default", "details"):
        rows = ask(artefact, name, text=texts)
        for text, ours, score, row in zip(texts, greedy, scores, rows, strict=True):
            _compare(name, text, _expected(ours, row) | {"score": score}, row)
    if plan.beam:
        _check_beams(model, artefact, plan, texts)
    drawn, scores = model.generate(texts, sampling=True, seed=1, return_scores=True)
    options = {option: NEUTRAL[option] for option in OF_SAMPLING} | {"seed": 1}
    rows = ask(artefact, "sample", text=texts, **options)
    for text, ours, score, row in zip(texts, drawn, scores, rows, strict=True):
        _compare("sample", text, {"text": ours, "score": score}, row)
    rows = ask(artefact, "score", source=texts, target=targets)
    for text, score, row in zip(texts, model.score(texts, targets), rows, strict=True):
        if row["finished"]:  # else the text, read anew, has more tokens than fit
            _compare("score", text, {"score": score}, row)
    _check_ids(model, artefact, texts)
    if plan.steps:
        few = texts[:_BATCH]
        exact = model.generate(few, return_details=True) if plan.shortlist else greedy
        _check_steps(model, artefact, few, exact[:_BATCH])


def ask(artefact: SavedModelArtefact, signature: str, **inputs: Any) -> Iterator[Row]:
    """What a signature gives for lists of N inputs, or one value for all: N rows, str for bytes."""
    count = max(len(rows) for rows in inputs.values() if isinstance(rows, Sequence))
    tensors = artefact.manifest["signatures"][signature]["inputs"]
    arrays = {}
    for name, rows in inputs.items():
        rows = rows if isinstance(rows, Sequence) else [rows] * count
        rows = [row.encode() if isinstance(row, str) else row for row in rows]
        kind = tensors[name]["dtype"]
        arrays[name] = np.array(rows, object if kind == "string" else kind)
    for start in range(0, count, _BATCH):
        batch = {name: rows[start : start + _BATCH] for name, rows in arrays.items()}
        found = {name: rows.tolist() for name, rows in artefact.run(signature, **batch).items()}
        for values in zip(*found.values(), strict=True):
            yield {name: _as_str(value) for name, value in zip(found, values, strict=True)}


def _as_str(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_str(entry) for entry in value]
    return value.decode() if isinstance(value, bytes) else value


def _expected(ours: Generation, row: Row) -> dict[str, Any]:
    """What a row should hold of a result, cut or filled up to the widths of the row."""
    spans = ours.source_spans
    found: dict[str, Any] = {
        "text": ours.text,
        "length": len(ours.tokens) - (bool(ours.tokens) and not ours.hit_max_length),
        "finished": not ours.hit_max_length,
        "truncated": ours.truncated_source,
        "tokens": ours.tokens,
        "token_scores": ours.token_scores,
        "source_tokens": ours.source_tokens,
        "source_starts": [start for start, _ in spans],
        "source_ends": [end for _, end in spans],
        "source_length": len(ours.source_tokens) - 1,
        "unknown_source_tokens": ours.unknown_source_tokens,
        "unknown_target_tokens": ours.unknown_target_tokens,
    }
    for name, values in found.items():
        if isinstance(values, list) and name in row:
            filling = "" if name.endswith("tokens") else 0
            found[name] = values + [filling] * (len(row[name]) - len(values))
    if ours.attention is not None and "attention" in row:
        attention = np.zeros(np.shape(row["attention"]))
        attention[tuple(map(slice, ours.attention.shape))] = ours.attention
        found["attention"] = attention
    return {name: value for name, value in found.items() if name in row}


def _check_beams(
    model: TextSeq2Seq, artefact: SavedModelArtefact, plan: Plan, texts: Sequence[str]
) -> None:
    search: dict[str, Any] = {**(plan.beam or {}), "shortlist": plan.shortlist}
    replace = plan.replace_unknown and plan.num_return == 1
    outputs, scores = model.generate(texts, return_scores=True, replace_unknown=replace, **search)
    if plan.num_return == 1:
        outputs, scores = [[text] for text in outputs], [[score] for score in scores]
    chosen = {name: NEUTRAL[name] for name in plan.beam_inputs}
    for name, options in {"beam": {}, "beam_options": chosen}.items():
        if name == "beam_options" and not plan.beam_inputs:
            continue
        rows = ask(artefact, name, text=texts, **options)
        for text, ours, ours_scores, row in zip(texts, outputs, scores, rows, strict=True):
            alive = [n for n, ranking in enumerate(row["ranking"]) if ranking > DEAD or n == 0]
            theirs = {key: [row[key][n] for n in alive] for key in ("text", "score")}
            _compare(name, text, {"score": list(ours_scores)}, theirs)
            if len({round(float(score), 2) for score in ours_scores}) == len(ours_scores):
                _compare(name, text, {"text": ours}, theirs)  # equally good ones may change places


def _check_ids(model: TextSeq2Seq, artefact: SavedModelArtefact, texts: Sequence[str]) -> None:
    tokenizer, limit = model.source_tokenizer, model.max_source_length
    for text, row in zip(texts, ask(artefact, "tokenize", text=texts), strict=True):
        ids = encode_source_python(tokenizer, text, limit)
        names = ["" if i == PAD else tokenizer.id_to_token(i) for i in ids]
        length = len([i for i in ids if i not in (PAD, EOS)])
        _compare("tokenize", text, {"ids": ids, "tokens": names, "length": length}, row)
    tokenizer = model.target_tokenizer
    size = tokenizer.vocabulary_size
    rows = [
        *np.random.default_rng(0).integers(-2, size + 2, (4, 8)).tolist(),
        [BOS, EOS, *[PAD] * 6],
    ]
    for ids, row in zip(rows, ask(artefact, "detokenize", ids=rows), strict=True):
        _compare("detokenize", str(ids), {"text": tokenizer.detokenize_python(ids)}, row)


def _check_steps(
    model: TextSeq2Seq,
    artefact: SavedModelArtefact,
    texts: Sequence[str],
    greedy: Sequence[Generation],
) -> None:
    """Steps one after another, the most probable token each time, are greedy search."""
    given = artefact.run("encode", text=np.array([text.encode() for text in texts], object))
    finished = given.pop("finished")
    ids, scores = np.full(len(texts), BOS, "int32"), np.zeros(len(texts))
    for _ in range(model.max_target_length):
        step = artefact.run("decode_step", ids=ids, **given)
        scores += np.where(finished, 0, step["score"])
        ids = step["next_ids"]
        finished |= ids == EOS
        given |= {name: step[name] for name in given if name.startswith("state_")}
    for text, ours, score in zip(texts, greedy, scores, strict=True):
        _compare("decode_step", text, {"score": ours.score}, {"score": score})


def _compare(signature: str, text: str, expected: Row, row: Row) -> None:
    for name, ours in expected.items():
        theirs = row[name]
        if same(ours, theirs, equal_nan=False):
            continue
        raise ExportError(
            f"the SavedModel does not do what the model does. Signature `{signature}`, source "
            f"{text[:200]!r}: {name} of the model is {str(ours)[:300]}, but of the SavedModel "
            f"{str(theirs)[:300]}. It was removed."
        )
