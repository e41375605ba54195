"""Writes .tflite files for phones and web pages."""

import dataclasses
import pathlib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.atomic_file import FilePath, tree_to_disk
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.checks.device import DeviceCheck
from keras_seq2seq.export.checks.equality import compare, sample_texts
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import (
    describe_device_model,
    describe_model,
    fingerprint,
    manifest_path,
    rename_pair,
    write_manifest,
)
from keras_seq2seq.export.on_device.conversion import convert
from keras_seq2seq.export.on_device.device_signatures import DeviceSignatures
from keras_seq2seq.export.on_device.golden import golden_cases
from keras_seq2seq.export.on_device.one_sentence import ForOneSentence
from keras_seq2seq.export.on_device.text_rules import text_rules
from keras_seq2seq.export.on_device.text_signature import text_signature
from keras_seq2seq.export.tflite_artefact import TFLiteArtefact
from keras_seq2seq.export.workplace import locked, workplace
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text_models.text_generation import make_options
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

SIGNATURES = ("translate", "encode", "decode_step")  # that a file has unless others are asked for
_ALL_SIGNATURES = (*SIGNATURES, "beam", "score")
_BEAMS = 4  # of `beam`, if the search of `translate` is greedy


def tflite(
    model: TextSeq2Seq,
    file: FilePath,
    text: bool = False,
    sample: Sequence[str] | None = None,
    *,
    signatures: Collection[str] = SIGNATURES,
    **options: Any,
) -> pathlib.Path:
    """Writes a .tflite file and its manifest, reloads them, and compares.

    All signatures are for one sentence, of static shapes, in int32 and float32, in TFLite's own
    operators; they share the weights. Sources are ids [1, S], with EOS behind the last token and
    PAD at the right; but any int32 has a defined result, see `DeviceSignatures`.

    - `translate`: ids [1, S] -> ids [1, T]; length [1], tokens before EOS; score [1], natural
      log-probability. It stops as soon as EOS is chosen.
    - `encode`: ids [1, S] -> finished [1], 1 for an empty source; state_0, ..., memory_0, ...
    - `decode_step`: ids [1], BOS at first, and what `encode` gave -> next_ids [1], the most
      probable token; score [1]; log_probs [1, V]; attention [1, S], if the model has any; and the
      states of the next step.
    - `beam`, if asked for: ids [1, S] -> ids [1, N, T], length, score and ranking [1, N].
    - `score`, if asked for: ids [1, S], target_ids [1, T] -> score [1], token_scores [1, T].

    `<file>.json` holds what turns strings into ids and back, and cases to test a client on; see
    docs/manifest.md.

    Args:
        model: What to write.
        file: Path that ends in `.tflite`.
        text: Write a file that takes and gives `text`, string [1], instead of ids, as its only
            signature: text that was normalised, or nothing if blank. It needs tensorflow-text's
            operators, which phones and web pages have not.
        sample: Sources to compare model and artefact on; by default random ones.
        signatures: Names of those above; `translate` is always there.
        **options: Of `SearchOptions`, for one result, built into `translate`: `beam_size=4`, ...
            `beam` has the same options and gives as many results as beams, 4 if it is greedy.

    Raises:
        ExportError: The file cannot be made, or does not do what the model does; none is left then.
        ValueError: There is no such signature.

    Example:

    ```python
    keras_seq2seq.export.tflite(model, "ko_en.tflite")
    ```
    """
    search = make_options(options, None, (), model.target_tokenizer, model.max_target_length)
    if search.num_return > 1:
        raise ExportError(f"A .tflite file gives one result, not num_return={search.num_return}.")
    chosen = _checked(signatures, search)
    file = pathlib.Path(file)
    if file.suffix != ".tflite":
        raise ExportError(f"{file} must end in .tflite.")
    if file.is_dir():
        raise ExportError(f"{file} is a directory; a .tflite file needs another name.")
    if text:
        check_text_is_possible(model)
    if manifest_path(file).is_dir():
        raise ExportError(f"{manifest_path(file)} is a directory; the manifest needs its name.")
    with workplace(file, file.parent) as directory:
        temporary = directory / file.name
        twin = model.for_export()
        texts = sample_texts(twin) if sample is None else list(sample)
        built_in = {
            name: np.asarray(value).tolist() if name != "banned_ids" else search.banned_ids
            for name, value in options.items()
        }
        if text:
            content, facts = _text_file(twin, search), _facts_of_text(twin)
        else:
            content, facts = _ids_file(twin, model.for_export(), search, chosen, texts)
        temporary.write_bytes(content)
        facts |= {"sha256": fingerprint(content), "search": built_in}
        write_manifest(manifest_path(temporary), facts)
        if text:
            expected = KerasArtefact(model=twin).generate(texts, **options)
            compare(expected, TFLiteArtefact(temporary).generate(texts), texts, "the .tflite file")
        tree_to_disk(directory)
        with locked(file.parent):
            rename_pair(temporary, file, facts["sha256"])
    return file


def check_text_is_possible(model: TextSeq2Seq) -> None:
    """Raises an `ExportError` if `tflite(..., text=True)` cannot hold the model's tokenizers."""
    tokenizers = (model.source_tokenizer, model.target_tokenizer)
    if not all(isinstance(t, SentencePieceTokenizer) for t in tokenizers):
        names = " and ".join(sorted({type(t).__name__ for t in tokenizers}))
        raise ExportError(
            f"A .tflite file of text needs SentencePiece on both sides, but the model has {names}: "
            "tensorflow-text offers TFLite no other tokenizer. Export ids instead."
        )


def _checked(signatures: Collection[str], search: SearchOptions) -> set[str]:
    """The signatures that were asked for and those that belong to them."""
    if isinstance(signatures, str):
        signatures = [signatures]
    for name in signatures:
        if name not in _ALL_SIGNATURES:
            names = ", ".join(_ALL_SIGNATURES)
            hint = did_you_mean(str(name), _ALL_SIGNATURES)
            raise ValueError(f"There is no signature {name!r}: choose of {names}.{hint}")
    if "beam" in signatures and search.sampling:
        raise ValueError("A signature `beam` cannot be beside sampling=True: leave one out.")
    steps = {"encode", "decode_step"}
    return {"translate", *signatures, *(steps if steps & set(signatures) else ())}


# === Files of ids ===


def _ids_file(
    twin: TextSeq2Seq,
    other: TextSeq2Seq,
    search: SearchOptions,
    chosen: set[str],
    texts: Sequence[str],
) -> tuple[bytes, dict[str, Any]]:
    """The file, which has passed its checks, and its manifest but for what all files have.

    `other` is a second copy, which is changed.
    """
    rules = text_rules(twin.source_tokenizer, twin.target_tokenizer, twin.max_source_length)
    beams = search.beam_size if search.beam_size > 1 else _BEAMS
    searches = {
        "translate": search,
        "beam": dataclasses.replace(search, beam_size=beams, num_return=beams),
    }
    sentence = ForOneSentence(other.seq2seq)
    made = DeviceSignatures(other.seq2seq, other.max_source_length, other.max_target_length)
    functions = {
        name: sentence.trace(*made.search(name, searches[name].for_batch(1)))
        for name in ("translate", "beam")
        if name in chosen
    }
    if "score" in chosen:
        functions["score"] = sentence.trace(*made.score())
    if "decode_step" in chosen:
        steps = made.steps(sentence.trace)
        functions["encode"] = sentence.trace(*steps.encode())
        functions["decode_step"] = sentence.trace(*steps.decode_step())
    content = convert(functions)
    checks = DeviceCheck(twin, content, searches)
    checks.check(texts)
    golden = golden_cases(twin, lambda **inputs: checks.run("translate", **inputs), texts)
    described = {name: _describe(function) for name, function in functions.items()}
    facts = {**describe_device_model(twin), "signatures": described, **rules, "golden": golden}
    return content, facts


def _describe(function: Any) -> dict[str, Any]:
    """Dtype and shape of each input and output of a concrete function."""
    _, inputs = function.structured_input_signature
    inputs = {
        spec.name: spec for spec in [*function.structured_input_signature[0], *inputs.values()]
    }
    both = {"inputs": inputs, "outputs": function.structured_outputs}
    return {
        side: {
            name: {"dtype": tensors[name].dtype.name, "shape": tensors[name].shape.as_list()}
            for name in sorted(tensors)
        }
        for side, tensors in both.items()
    }


# === Files of text ===


def _text_file(twin: TextSeq2Seq, search: SearchOptions) -> bytes:
    model = twin.for_export().seq2seq  # a copy, which is changed
    signature = text_signature(twin, model, search.for_batch(1))
    function = ForOneSentence(model).trace(*signature)
    return convert({"serving_default": function}, custom_operators=True)


def _facts_of_text(twin: TextSeq2Seq) -> dict[str, Any]:
    return {
        **describe_model(twin),
        "signature": "text",
        "source_tokenizer": twin.source_tokenizer.vocabulary_state(),
        "target_tokenizer": twin.target_tokenizer.vocabulary_state(),
    }
