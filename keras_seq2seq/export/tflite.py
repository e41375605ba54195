"""Writes .tflite files for phones and web pages."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.encoder_up_to_eos import encoders_up_to_eos
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import make_manifest, manifest_path
from keras_seq2seq.export.signatures import fast_text_signature, ids_signature
from keras_seq2seq.export.tflite_artefact import TFLiteArtefact
from keras_seq2seq.export.verification import compare, sample_texts
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text_models.text_generation import make_options
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def tflite(
    model: TextSeq2Seq,
    file: FilePath,
    text: bool = False,
    sample: Sequence[str] | None = None,
    **options: Any,
) -> pathlib.Path:
    """Writes a .tflite file and its manifest, reloads them, and compares.

    The signature `serving_default` takes `ids`, int32 [1, S] (EOS behind the last token, PAD at
    the right), and gives `ids`, int32 [1, T], `length`, int32 [1] (tokens before EOS), and
    `score`, float32 [1] (natural log-probability). It uses TFLite's own operators alone and stops
    as soon as EOS is chosen. `<file>.json` holds what turns strings into ids and back.

    Args:
        model: a `TextSeq2Seq`.
        file: path that ends in `.tflite`.
        text: bool. Write a file that takes and gives `text`, string [1], instead of ids. It needs
            an interpreter with tensorflow-text's operators, and text that was normalised, with
            nothing in the place of a blank one.
        sample: list of source strings to compare model and artefact on, or `None` for random
            ones of the vocabulary.
        **options: of `SearchOptions`, for one result: `beam_size=4`, `no_repeat_ngram=3`, ... They
            are built into the file, which searches greedily without any.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        ExportError: if the model cannot be converted, or the artefact gives other tokens than the
            model. Neither file is left behind then.

    Example:

    ```python
    keras_seq2seq.export.tflite(model, "ko_en.tflite")
    ```
    """
    search = make_options(options, None, (), model.target_tokenizer, model.max_target_length)
    if search.num_return > 1:
        raise ExportError(f"A .tflite file gives one result, not num_return={search.num_return}.")
    file = pathlib.Path(file)
    if file.suffix != ".tflite":
        raise ExportError(f"{file} must end in .tflite.")
    if file.is_dir():
        raise ExportError(f"{file} is a directory; a .tflite file needs another name.")
    if text:
        check_text_is_possible(model)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=file.parent) as directory:
        temporary = pathlib.Path(directory, file.name)
        twin = model.for_export()
        content = _convert(twin, text, search)
        temporary.write_bytes(content)
        manifest = make_manifest(twin, "text" if text else "ids", content)
        manifest["search"] = options
        manifest_path(temporary).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
        sample = sample_texts(twin) if sample is None else list(sample)
        expected = KerasArtefact(model=twin).generate(sample, **options)
        compare(expected, TFLiteArtefact(temporary).generate(sample), sample, "the .tflite file")
        os.replace(manifest_path(temporary), manifest_path(file))
        os.replace(temporary, file)
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


def _convert(twin, text, search):
    """Freezes the weights, then converts: variables read inside a loop fail on the device."""
    make = fast_text_signature if text else ids_signature
    function, signature = make(twin, search.for_batch(1))
    concrete = tf.function(function, input_signature=signature, autograph=False)
    with encoders_up_to_eos(twin.seq2seq):
        concrete = concrete.get_concrete_function()
    frozen = convert_to_constants.convert_variables_to_constants_v2(concrete)
    names = sorted(concrete.structured_outputs)  # the order in which frozen returns them

    module = tf.Module()
    module.call = tf.function(
        lambda value: dict(zip(names, frozen(value), strict=True)),
        input_signature=signature,
        autograph=False,
    )
    with tempfile.TemporaryDirectory() as directory:
        tf.saved_model.save(module, directory, signatures={"serving_default": module.call})
        converter = tf.lite.TFLiteConverter.from_saved_model(
            directory, signature_keys=["serving_default"]
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        converter.allow_custom_ops = text
        try:
            return converter.convert()
        except Exception as error:
            raise ExportError(f"TFLite cannot hold this model: {first_line(error)}") from error
