"""A new version's warm-up: written at export, run by servers, and run once to see that it works."""

import pathlib
from typing import Any

import numpy as np

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.export.warmup.records import (
    WARMUP,
    Record,
    read_records,
    warmup_records,
    write_records,
)
from keras_seq2seq.text.characters import replace_surrogates
from keras_seq2seq.text.special_tokens import BOS, EOS
from keras_seq2seq.text.tokenizer import Tokenizer


def write_warmup(
    artefact: SavedModelArtefact, text: str, target_tokenizer: Tokenizer
) -> list[Record]:
    """Writes the requests that a server runs before it makes this version available.

    The first run of a signature, and of every other set of outputs of it, takes some hundred times
    as long as the next; batch sizes make no difference. So there is a record of one row for each
    signature, and for each documented output filter (`FILTERS`).

    Args:
        artefact: A SavedModel, loaded.
        text: A source to translate, as users send.
        target_tokenizer: The model's, for ids of the translation.

    Returns:
        The records.
    """
    source, signatures = replace_surrogates(text).encode(), artefact.manifest["signatures"]
    row = {"text": np.array([source], object)}
    known: dict[Any, Any] = {"text": source, "source": source}
    known["target"] = target = artefact.run("serving_default", **row)["text"][0]
    known["ids"] = [*target_tokenizer.tokenize_python(target.decode()), EOS]
    known["max_length"] = artefact.manifest["max_target_length"]
    if "encode" in signatures:  # what it gives, the next step takes
        known |= {("decode_step", key): v for key, v in artefact.run("encode", **row).items()}
        known["decode_step", "ids"] = BOS
    records = warmup_records(signatures, known)
    write_records(pathlib.Path(artefact.path) / WARMUP, records)
    return records


def replay_warmup(
    artefact: SavedModelArtefact, filters: bool = True
) -> list[dict[str, np.ndarray]]:
    """Runs the warm-up requests of a version, as a server does, and returns the replies.

    Args:
        artefact: A SavedModel, loaded.
        filters: Whether also those with an output filter, which only ask for less of the same.

    Raises:
        ExportError: There are none, or one of them fails or gives numbers that are not finite:
            a server would not load the version, or answer nonsense.
    """
    path = pathlib.Path(artefact.path) / WARMUP
    replies = []
    for record in read_records(path):
        if record.outputs and not filters:
            continue
        try:
            reply = artefact.run(record.signature, record.outputs or None, **record.inputs)
        except Exception as error:  # a session fails in as many ways as there are operators
            raise ExportError(
                f"{path}: the request of {record.signature} fails: {error}"
            ) from error
        for name, values in reply.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ExportError(f"{path}: {name} of {record.signature} is not finite.")
        replies.append(reply)
    return replies
