"""Writes SavedModels for TensorFlow Serving."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras

from keras_seq2seq.atomic_file import FilePath, to_disk, tree_to_disk
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.artefact import Artefact
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.guards.saved_graph import all_nodes, read_graph
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import describe_model, file_hashes, write_manifest
from keras_seq2seq.export.saved_model_artefact import MANIFEST, SavedModelArtefact
from keras_seq2seq.export.signatures import NEUTRAL, OF_SAMPLING, score_signature, search_signature
from keras_seq2seq.export.verification import compare, compare_scores, sample_texts
from keras_seq2seq.export.workplace import workplace
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

BEAM_INPUTS = ("length_penalty", "max_length")


def saved_model(
    model: TextSeq2Seq,
    directory: FilePath,
    sample: Sequence[str] | None = None,
    *,
    beam_size: int = 4,
    num_return: int = 1,
    beam_inputs: Sequence[str] = BEAM_INPUTS,
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
        model: What to write.
        directory: The model's base path on the server; made if missing.
        sample: Sources to compare model and artefact on; by default random ones.
        beam_size: Beams of the signature `beam`; below 2 there is none.
        num_return: Results of `beam` for each text; above 1 its outputs are [B, N].
        beam_inputs: Options of `beam` that each request gives; no others are in the graph.
        replace_unknown: `serving_default` and `beam` write the most attended source token for UNK.

    Returns:
        Path of the version that was written.

    Raises:
        ExportError: The artefact does not do what the model does; nothing is left behind then.

    Example:

    ```python
    version = keras_seq2seq.export.saved_model(model, "served/ko_en")  # served/ko_en/1
    ```
    """
    plan = _plan(model, beam_size, num_return, beam_inputs, replace_unknown)
    base = pathlib.Path(directory)
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file; a SavedModel needs a directory.")
    with workplace(base, base) as temporary:
        twin = model.for_export()
        _write(twin, temporary, plan)
        _check_operators(temporary)
        sample = sample_texts(twin) if sample is None else list(sample)
        _compare(KerasArtefact(model=twin), SavedModelArtefact(temporary), sample, plan)
        temporary.chmod(0o755)
        tree_to_disk(temporary)
        return _rename_to_next_version(temporary, base)


def _plan(
    model: TextSeq2Seq,
    beam_size: int,
    num_return: int,
    beam_inputs: Sequence[str],
    replace_unknown: bool,
) -> dict[str, Any]:
    """What the manifest says of the searches: `beam` is `None` if there shall be none."""
    if replace_unknown and model.seq2seq.attention is None:
        raise ExportError("replace_unknown needs a model with attention.")
    if beam_size < 2:
        SearchOptions(num_return=num_return)  # refuses more than one result
        if tuple(beam_inputs) != BEAM_INPUTS:
            raise ExportError(
                f"beam_inputs are of the signature beam: beam_size={beam_size} has none."
            )
        return {"beam": None, "replace_unknown": replace_unknown}
    options = SearchOptions(beam_size=beam_size, num_return=num_return)
    for name in beam_inputs:
        if name not in NEUTRAL:
            raise ExportError(f"beam_inputs: no option {name!r}.{did_you_mean(name, NEUTRAL)}")
        dataclasses.replace(options, **{name: NEUTRAL[name]})  # refuses what is not for beams
    if "coverage_penalty" in beam_inputs and model.seq2seq.attention is None:
        raise ExportError("beam_inputs: coverage_penalty needs a model with attention.")
    if replace_unknown and num_return > 1:
        raise ExportError(f"replace_unknown is for one result, not num_return={num_return}.")
    beam = {"beam_size": options.beam_size, "num_return": options.num_return}
    return {"beam": {**beam, "inputs": list(beam_inputs)}, "replace_unknown": replace_unknown}


def _write(twin: TextSeq2Seq, directory: pathlib.Path, plan: dict[str, Any]) -> None:
    sampling, replace_unknown = SearchOptions(sampling=True), plan["replace_unknown"]
    endpoints = {
        "serving_default": search_signature(twin, SearchOptions(), (), replace_unknown, False),
        "sample": search_signature(twin, sampling, OF_SAMPLING, False),
        "score": score_signature(twin),
    }
    if plan["beam"]:
        beam_size, num_return, inputs = plan["beam"].values()
        options = SearchOptions(beam_size=beam_size, num_return=num_return)
        endpoints["beam"] = search_signature(twin, options, inputs, replace_unknown)
    # The weights follow from the endpoints; tracking the twin would store them twice.
    archive = keras.export.ExportArchive()
    archive.track(twin.source_tokenizer)
    archive.track(twin.target_tokenizer)
    for name, (serve, signature) in endpoints.items():
        archive.add_endpoint(name, serve, input_signature=signature)
    archive.write_out(str(directory), verbose=False)
    manifest = directory / MANIFEST
    manifest.parent.mkdir(exist_ok=True)
    facts = {**describe_model(twin), **plan, "files": file_hashes(directory)}
    write_manifest(manifest, facts, indent=1)


def _compare(ours: Artefact, theirs: Artefact, sample: Sequence[str], plan: dict[str, Any]) -> None:
    """Greedy search, beam search and sampling do what the model does; given targets score alike."""
    searches: list[dict[str, Any]] = [{}, {"sampling": True, "seed": 1}]
    if plan["beam"]:
        searches.append({key: plan["beam"][key] for key in ("beam_size", "num_return")})
    targets = []
    for options in searches:
        replace = plan["replace_unknown"] and "sampling" not in options
        expected = ours.generate(sample, **options, replace_unknown=replace)
        compare(expected, theirs.generate(sample, **options), sample, "the SavedModel")
        targets = expected.texts
    scores = ours.score(sample, targets), theirs.score(sample, targets)
    compare_scores(*scores, sample, "the SavedModel")


def _check_operators(directory: pathlib.Path) -> None:
    """Refuses what a stock CPU server cannot run: cuDNN kernels and XLA functions."""
    graph = read_graph(directory).graph_def
    bad = {node.op for node in all_nodes(graph) if node.op.startswith("Cudnn")}
    if any(f.attr["_XlaMustCompile"].b for f in graph.library.function):
        bad.add("functions that demand XLA")
    if bad:
        names = ", ".join(sorted(bad))
        raise ExportError(f"The graph holds what a CPU server cannot run: {names}.")


def _rename_to_next_version(temporary: pathlib.Path, base: pathlib.Path) -> pathlib.Path:
    while True:
        taken = [int(p.name) for p in base.iterdir() if p.name.isdigit()]
        version = base / str(max(taken, default=0) + 1)
        try:
            os.rename(temporary, version)
            to_disk(base)
            return version
        except OSError:
            if not version.exists():  # else another writer took the number: try the next
                raise
