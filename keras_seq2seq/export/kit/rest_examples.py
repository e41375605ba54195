"""A request of every signature with the reply that it really got, as the REST API writes them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.export.warmup.records import Record

_MOST = 5  # entries of a list of a reply that are shown
_LONGEST = 10_000  # characters of a request that is shown


def rest_examples(artefact: SavedModelArtefact, records: Sequence[Record]) -> dict[str, Any]:
    """Runs the records of whole signatures; gives `request` and `reply` of each, as JSON has them.

    Long lists of a reply are cut, and end in a string that says how long they are. A request is
    whole, so that it can be sent, or `None` where nobody would read it, as that of `decode_step`.
    """
    found = {}
    for record in records:
        if not record.outputs:  # the REST API has no output filter
            reply = artefact.run(record.signature, **record.inputs)
            name = {"signature_name": record.signature}
            request = _in_json(record.inputs, "instances", "inputs")
            found[record.signature] = {
                "request": _if_readable(name | request if name != _DEFAULT else request),
                "reply": _shortened(_in_json(reply, "predictions", "outputs")),
            }
    return found


_DEFAULT = {"signature_name": "serving_default"}


def _in_json(tensors: Mapping[str, np.ndarray], rows: str, columns: str) -> dict[str, Any]:
    """Tensors of one row under the key `rows`; by their names if some have no batch axis."""
    values = {name: _plain(tensors[name].tolist()) for name in sorted(tensors)}
    if any(array.shape[:1] != (1,) for array in tensors.values()):
        return {columns: values}
    if len(values) == 1:  # then its name is left out
        return {rows: next(iter(values.values()))}
    return {rows: [{name: value[0] for name, value in values.items()}]}


def _plain(value: Any) -> Any:
    """Lists, str for bytes, numbers with the digits that float32 has."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _if_readable(request: dict[str, Any]) -> dict[str, Any] | None:
    return request if len(json.dumps(request, ensure_ascii=False)) <= _LONGEST else None


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(entry) for key, entry in value.items()}
    if isinstance(value, list):
        cut = len(value) > _MOST
        rest = [f"... {len(value)} in all"] if cut else []
        return [_shortened(entry) for entry in value[: _MOST - cut]] + rest
    return value
