"""Writes .tflite files for phones and web pages."""

import pathlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.atomic_file import FilePath, tree_to_disk
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.checks.equality import compare, sample_texts
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.ids_files import IdsFiles
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import (
    DEVICE_FORMAT,
    describe_tokenized,
    fingerprint,
    manifest_path,
    rename_pair,
    write_manifest,
)
from keras_seq2seq.export.on_device.conversion import convert
from keras_seq2seq.export.on_device.one_sentence import ForOneSentence
from keras_seq2seq.export.on_device.seq2seq_lite import LiteError, Translator
from keras_seq2seq.export.on_device.text_signature import text_signature
from keras_seq2seq.export.quantization.format_names import AUTO, NONE, check_format
from keras_seq2seq.export.quantization.metric_names import check_loss, check_metric
from keras_seq2seq.export.tflite_artefact import TFLiteArtefact
from keras_seq2seq.export.workplace import locked, workplace
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text.characters import replace_surrogates
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text_models.text_generation import make_options
from keras_seq2seq.text_models.text_inputs import as_texts
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

SIGNATURES = ("translate", "encode", "decode_step")  # that a file has unless others are asked for
_ALL_SIGNATURES = (*SIGNATURES, "beam", "score")


def tflite(
    model: TextSeq2Seq,
    file: FilePath,
    text: bool = False,
    sample: Sequence[str] | None = None,
    *,
    signatures: Collection[str] = SIGNATURES,
    quantize: str = NONE,
    validation: tuple[Sequence[str], Sequence[str]] | None = None,
    max_bleu_loss: float = 0.3,
    progress: Callable[[int], object] | None = None,
    judge_by: str = AUTO,
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
    docs/manifest.md. Where a tokenizer is of your own, this package alone can read it.

    Args:
        model: What to write.
        file: Path that ends in `.tflite`.
        text: Write a file that takes and gives `text`, string [1], instead of ids, as its only
            signature: text that was normalised, or nothing if blank. It needs tensorflow-text's
            operators, which phones and web pages have not.
        sample: Sources to compare model and artefact on; by default random ones.
        signatures: Names of those above; `translate` is always there.
        quantize: Format of the weights: `none`, float32; `float16`, half of its size; `int8`, a
            good quarter; `mixed`, int4 but int8 for the generator and what is tied to it; `int4`,
            a seventh; or `auto`, the smallest that passes. Activations stay float32 at all
            borders. Four bits need litert-quantizer: `pip install 'keras-seq2seq[device]'`.
        validation: Sources and references to judge formats on; `auto` needs them. Without them
            a format is written as it is. The manifest holds what was measured.
        max_bleu_loss: How many points less than the float32 file a format may score on them, of
            the metric that it is judged by. `QuantizationReport.read(file).doubt()` tells if they
            are too few to be sure.
        progress: Is told how many of the sources to judge formats on are done.
        judge_by: `bleu`; `exact_match`, the share of texts that are equal to the reference; or
            `auto`: exact match where most references have fewer than four words, or most of their
            words one or two characters, as pronunciations have; else BLEU.
        **options: Of `SearchOptions`, for one result, built into `translate`: `beam_size=4`, ...
            `beam` has the same options and gives as many results as beams, 4 if it is greedy.

    Raises:
        ExportError: The file cannot be made, or does not do what the model does; none is left then.
        ValueError: There is no such signature, format or metric, or nothing to judge formats on.

    Example:

    ```python
    keras_seq2seq.export.tflite(model, "ko_en.tflite")
    ```
    """
    search = make_options(options, None, (), model.target_tokenizer, model.max_target_length)
    if search.num_return > 1:
        raise ExportError(f"A .tflite file gives one result, not num_return={search.num_return}.")
    if search.shortlist:
        raise ExportError(
            "A .tflite file knows no shortlist: an interpreter that copies the listed vectors at "
            "each step is slower with one. Leave out shortlist=True."
        )
    chosen = _checked(signatures, search)
    check_metric(judge_by)
    check_loss(max_bleu_loss)
    pairs = _checked_pairs(quantize, text, validation)
    if sample is not None:  # JSON holds no lone surrogates
        sample = [replace_surrogates(one) for one in as_texts(sample, "sample")]
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
        texts = sample_texts(twin) if sample is None else sample
        built_in = {
            name: np.asarray(value).tolist() if name != "banned_ids" else search.banned_ids
            for name, value in options.items()
        }
        if text:
            content, facts = _text_file(twin, search), describe_tokenized(twin, "text")
        else:
            made = IdsFiles(twin, model.for_export(), search, chosen, texts, not options)
            content, facts = made.choose(quantize, pairs, float(max_bleu_loss), progress, judge_by)
        temporary.write_bytes(content)
        facts |= {"sha256": fingerprint(content), "search": built_in}
        write_manifest(manifest_path(temporary), facts)
        if facts["format"] == DEVICE_FORMAT:
            _check_client(temporary)
        elif quantize == NONE:
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


def _checked_pairs(
    wanted: str, text: bool, pairs: tuple[Sequence[str], Sequence[str]] | None
) -> tuple[list[str], list[str]] | None:
    check_format(wanted)
    if text and wanted != NONE:
        raise ValueError(
            f"quantize={wanted!r} is for files of ids: one of text is for desktop Python, and "
            "stays float32."
        )
    if pairs is None:
        if wanted == AUTO:
            raise ValueError(
                'quantize="auto" chooses by quality: give validation=(sources, references).'
            )
        return None
    sources, references = (as_texts(side, "validation") for side in pairs)
    if len(sources) != len(references) or not any(map(str.strip, references)):
        raise ValueError(
            f"validation must be as many sources as references that are not all blank, got "
            f"{len(sources):,} and {len(references):,}."
        )
    return sources, references


def _check_client(file: pathlib.Path) -> None:
    """Raises an `ExportError` unless the client that has the manifest alone finds all it should."""
    try:
        Translator(file).verify()
    except LiteError as error:
        raise ExportError(f"the manifest does not lead to what the model does: {error}") from error


# === Files of text ===


def _text_file(twin: TextSeq2Seq, search: SearchOptions) -> bytes:
    model = twin.for_export().seq2seq  # a copy, which is changed
    signature = text_signature(twin, model, search.for_batch(1))
    function = ForOneSentence(model).trace(*signature)
    return convert({"serving_default": function}, custom_operators=True)[NONE]
