"""Writes SavedModels for TensorFlow Serving."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any

import keras
from tensorflow.core.protobuf import saved_model_pb2

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import describe_model
from keras_seq2seq.export.saved_model_artefact import MANIFEST, SavedModelArtefact
from keras_seq2seq.export.signatures import (
    NEUTRAL,
    OF_SAMPLING,
    score_signature,
    search_signature,
    text_signature,
)
from keras_seq2seq.export.verification import compare, compare_scores, sample_texts
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def saved_model(
    model: TextSeq2Seq,
    directory: FilePath,
    sample: Sequence[str] | None = None,
    *,
    beam_size: int = 4,
    num_return: int = 1,
    beam_inputs: Sequence[str] = ("length_penalty", "max_length"),
    replace_unknown: bool = False,
) -> pathlib.Path:
    """Writes `directory/<next integer>/`, reloads it as a server does, and compares.

    The signature `serving_default` takes `text`, string [B], and gives `text`, string [B],
    `score`, float32 [B] (natural log-probability), and `length`, int32 [B] (tokens before EOS),
    of greedy search. Three more: `beam`, with the options `beam_inputs` [B] beside the text;
    `sample`, with `seed`, `temperature`, `top_k`, `top_p` and `max_length` [B]; and `score`, which
    takes `source` and `target` [B] and gives `score` and `length` [B]. See `signatures`.

    The graph is that of a float32 twin without cuDNN, so that it runs on any CPU wherever it was
    trained. Until it is complete and compared, it has a name that servers overlook.

    Args:
        model: a `TextSeq2Seq`.
        directory: the model's base path on the server; made if missing.
        sample: list of source strings to compare model and artefact on, or `None` for random
            ones of the vocabulary.
        beam_size: int. Beams of the signature `beam`; below 2 there is none.
        num_return: int. Results of `beam` for each text; above 1 its outputs are [B, N].
        beam_inputs: names of the options of `beam` that each request gives: any of
            `signatures.NEUTRAL` that are for beam search. What is not named is not in the graph.
        replace_unknown: bool. `serving_default` and `beam` write the source token that was
            attended to most in the place of an unknown target token.

    Returns:
        `pathlib.Path` of the version that was written.

    Raises:
        ExportError: if the artefact gives other tokens than the model, or holds operators that a
            CPU server lacks. Nothing is left behind then.

    Example:

    ```python
    version = keras_seq2seq.export.saved_model(model, "served/ko_en")  # served/ko_en/1
    ```
    """
    search = check_search(model, beam_size, num_return, beam_inputs)
    check_replacement(model, replace_unknown, search)
    base = pathlib.Path(directory)
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file; a SavedModel needs a directory.")
    base.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=".writing-", dir=base))
    try:
        twin = model.for_export()
        _write(twin, temporary, search, replace_unknown)
        _check_operators(temporary)
        sample = sample_texts(twin) if sample is None else list(sample)
        artefact = SavedModelArtefact(temporary)
        _compare(KerasArtefact(model=twin), artefact, sample, search, replace_unknown)
        temporary.chmod(0o755)
        return _rename_to_next_version(temporary, base)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def check_search(
    model: TextSeq2Seq, beam_size: int, num_return: int, beam_inputs: Sequence[str]
) -> dict[str, Any] | None:
    """The options of the signature `beam`, for the manifest; `None` if there shall be none."""
    if beam_size < 2:
        return None
    options = SearchOptions(beam_size=beam_size, num_return=num_return)
    for name in beam_inputs:
        if name not in NEUTRAL:
            raise ExportError(f"beam_inputs: no option {name!r}.{did_you_mean(name, NEUTRAL)}")
        dataclasses.replace(options, **{name: NEUTRAL[name]})  # refuses what is not for beams
    if "coverage_penalty" in beam_inputs and model.seq2seq.attention is None:
        raise ExportError("beam_inputs: coverage_penalty needs a model with attention.")
    return {"beam_size": beam_size, "num_return": num_return, "inputs": list(beam_inputs)}


def check_replacement(
    model: TextSeq2Seq, replace_unknown: bool, search: dict[str, Any] | None
) -> None:
    """Refuses to replace unknown tokens where there is no attention, or more than one result."""
    if replace_unknown and model.seq2seq.attention is None:
        raise ExportError("replace_unknown needs a model with attention.")
    if replace_unknown and search and search["num_return"] > 1:
        raise ExportError(
            f"replace_unknown is for one result, not num_return={search['num_return']}."
        )


def _write(twin, directory, search, replace_unknown):
    serve, signature = text_signature(twin, replace_unknown)
    # The weights follow from the endpoint; tracking the twin would store them twice.
    archive = keras.export.ExportArchive()
    archive.track(twin.source_tokenizer)
    archive.track(twin.target_tokenizer)
    archive.add_endpoint("serving_default", serve, input_signature=signature)
    if search:
        options = SearchOptions(beam_size=search["beam_size"], num_return=search["num_return"])
        serve, signature = search_signature(twin, options, search["inputs"], replace_unknown)
        archive.add_endpoint("beam", serve, input_signature=signature)
    serve, signature = search_signature(twin, SearchOptions(sampling=True), OF_SAMPLING)
    archive.add_endpoint("sample", serve, input_signature=signature)
    serve, signature = score_signature(twin)
    archive.add_endpoint("score", serve, input_signature=signature)
    archive.write_out(str(directory), verbose=False)
    manifest = directory / MANIFEST
    manifest.parent.mkdir(exist_ok=True)
    described = {**describe_model(twin), "beam": search, "replace_unknown": replace_unknown}
    manifest.write_text(json.dumps(described, ensure_ascii=False, indent=1), "utf-8")


def _compare(expected, actual, sample, search, replace_unknown):
    """Greedy search, beam search and sampling do what the model does; given targets score alike."""
    searches = [{}, {"sampling": True, "seed": 1}]
    if search:
        searches.append({"beam_size": search["beam_size"], "num_return": search["num_return"]})
    for options in searches:
        replace = replace_unknown and not options.get("sampling")
        ours = expected.generate(sample, **options, replace_unknown=replace)
        theirs = actual.generate(sample, **options)
        compare(ours, theirs, sample, "the SavedModel")
    ours, theirs = (artefact.score(sample, ours.texts) for artefact in (expected, actual))
    compare_scores(ours, theirs, sample, "the SavedModel")


def _check_operators(directory):
    """Refuses what a stock CPU server cannot run: cuDNN kernels, XLA functions, Python calls."""
    content = (directory / "saved_model.pb").read_bytes()
    saved = saved_model_pb2.SavedModel.FromString(content)
    graph = saved.meta_graphs[0].graph_def
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    bad = {n.op for n in nodes if n.op.startswith("Cudnn") or n.op.endswith("PyFunc")}
    compiled = [f for f in graph.library.function if f.attr["_XlaMustCompile"].b]
    if compiled:
        bad.add("functions that demand XLA")
    if bad:
        raise ExportError(
            f"The graph holds what a CPU server cannot run: {', '.join(sorted(bad))}."
        )


def _rename_to_next_version(temporary, base):
    while True:
        taken = [int(p.name) for p in base.iterdir() if p.name.isdigit()]
        version = base / str(max(taken, default=0) + 1)
        try:
            os.rename(temporary, version)
            return version
        except OSError:
            if not version.exists():  # else another writer took the number: try the next
                raise
