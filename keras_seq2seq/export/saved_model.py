"""Writes SavedModels for TensorFlow Serving."""

import os
import pathlib
from collections.abc import Callable, Sequence

import keras

from keras_seq2seq.atomic_file import FilePath, to_disk, tree_to_disk
from keras_seq2seq.export.checks.served import check_level, check_served
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.guards.saved_graph import read_graph
from keras_seq2seq.export.manifest import (
    describe_model,
    describe_signatures,
    file_hashes,
    write_manifest,
)
from keras_seq2seq.export.native.proof import proven_in
from keras_seq2seq.export.saved_model_artefact import MANIFEST, SavedModelArtefact
from keras_seq2seq.export.signatures.plan import BEAM_INPUTS, Plan
from keras_seq2seq.export.slim_graph import slim_graph
from keras_seq2seq.export.version_names import is_version_name
from keras_seq2seq.export.workplace import workplace
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def saved_model(
    model: TextSeq2Seq,
    directory: FilePath,
    sample: Sequence[str] | None = None,
    *,
    beam_size: int = 4,
    num_return: int | None = None,
    beam_inputs: Sequence[str] = BEAM_INPUTS,
    replace_unknown: bool = False,
    steps: bool = False,
    shortlist: bool = False,
    verify: str = "fast",
    finish: Callable[[SavedModelArtefact], object] | None = None,
) -> pathlib.Path:
    """Writes `directory/<next integer>/`, reloads it as a server does, and compares.

    All signatures take tensors with batch axis B first. `serving_default` takes `text`, string
    [B], and gives, by greedy search, `text`, string; `score`, float32, natural log-probability;
    `length`, int32, tokens before EOS; `truncated` and `finished`, bool: each [B]. The others:
    `beam`, whose results are [B, N]; `beam_options` with the options `beam_inputs` [B] beside the
    text; `sample`; `details` with tokens, their scores, places and attention; `score` for given
    targets; `tokenize`, `detokenize`; and with `steps` also `encode` and `decode_step`. What each
    takes and gives stands in the manifest, assets.extra/keras_seq2seq.json.

    No request can be too long or out of range: texts are cut to what the model reads, options are
    taken into their bounds. The graph is that of a float32 twin without cuDNN, so that it runs on
    any CPU wherever it was trained. Until it is complete and has passed all checks, it has a name
    that servers overlook.

    Args:
        model: What to write.
        directory: The model's base path on the server; made if missing.
        sample: Sources to compare model and artefact on; by default random ones.
        beam_size: Beams of the signature `beam`; below 2 there is none.
        num_return: Results N of `beam` for each text; by default `beam_size`.
        beam_inputs: Options of `beam_options` that each request gives; without any there is none.
        replace_unknown: Write the most attended source token for UNK, in `serving_default`,
            `details` and beams of one result, which then is the default.
        steps: Also write `encode` and `decode_step`, for servers that do not join requests.
        shortlist: Searches look at the tokens of the model's shortlist alone; `sample` and single
            steps look at all. See `text_models.learn_shortlist`.
        verify: `"fast"`, or `"full"`: also in a process without Python, if a C compiler is there,
            and on many more texts.

    Returns:
        Path of the version that was written.

    Raises:
        ExportError: The artefact does not do what the model does; nothing is left behind then.
        ValueError: An option is out of range.

    Example:

    ```python
    version = keras_seq2seq.export.saved_model(model, "served/ko_en")  # served/ko_en/1
    ```
    """
    check_level(verify)
    plan = Plan.make(model, beam_size, num_return, beam_inputs, replace_unknown, steps, shortlist)
    base = pathlib.Path(directory)
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file; a SavedModel needs a directory.")
    with workplace(base, base) as temporary:
        twin = model.for_export()
        _write(twin, temporary, plan, proven_in(natively=verify == "full"))
        artefact = check_served(twin, temporary, plan, sample, verify)
        if finish is not None:
            finish(artefact)
        temporary.chmod(0o755)
        tree_to_disk(temporary)
        return _rename_to_next_version(temporary, base)


def _write(twin: TextSeq2Seq, directory: pathlib.Path, plan: Plan, proven_in: list[str]) -> None:
    # The weights follow from the endpoints; tracking the twin would store them twice.
    archive = keras.export.ExportArchive()
    archive.track(twin.source_tokenizer)
    archive.track(twin.target_tokenizer)
    for name, (serve, inputs) in plan.signatures(twin).items():
        archive.add_endpoint(name, serve, input_signature=inputs)
    archive.write_out(str(directory), verbose=False)
    slim_graph(directory)
    manifest = directory / MANIFEST
    manifest.parent.mkdir(exist_ok=True)
    facts = {
        **describe_model(twin),
        **plan.facts(),
        "proven_in": proven_in,  # or there will be no such directory
        "signatures": describe_signatures(read_graph(directory).signature_def),
        "files": file_hashes(directory),
    }
    write_manifest(manifest, facts, indent=1)


def _rename_to_next_version(temporary: pathlib.Path, base: pathlib.Path) -> pathlib.Path:
    while True:
        taken = [int(p.name) for p in base.iterdir() if is_version_name(p.name)]
        version = base / str(max(taken, default=0) + 1)
        if not is_version_name(version.name):
            raise ExportError(f"{version.parent}: no version can follow {max(taken)}; rename it.")
        try:
            os.rename(temporary, version)
            to_disk(base)
            return version
        except OSError:
            if not version.exists():  # else another writer took the number: try the next
                raise
