"""Writes .tflite files for phones and web pages."""

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from keras_seq2seq.atomic_file import FilePath, tree_to_disk
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.checks.equality import compare, sample_texts
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.manifest import (
    describe_model,
    fingerprint,
    manifest_path,
    rename_pair,
    write_manifest,
)
from keras_seq2seq.export.signatures.of_ids import fast_text_signature, ids_signature
from keras_seq2seq.export.tflite_artefact import TFLiteArtefact
from keras_seq2seq.export.workplace import locked, workplace
from keras_seq2seq.layers.encoder import Encoder
from keras_seq2seq.layers.memory import Memory
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
        model: What to write.
        file: Path that ends in `.tflite`.
        text: Write a file that takes and gives `text`, string [1], instead of ids: text that was
            normalised, or nothing if blank. It needs tensorflow-text's operators.
        sample: Sources to compare model and artefact on; by default random ones.
        **options: Of `SearchOptions`, for one result, built into the file: `beam_size=4`, ...

    Raises:
        ExportError: The file cannot be made, or does not do what the model does; none is left then.

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
    if manifest_path(file).is_dir():
        raise ExportError(f"{manifest_path(file)} is a directory; the manifest needs its name.")
    with workplace(file, file.parent) as directory:
        temporary = directory / file.name
        twin = model.for_export()
        content = _convert(twin, text, search)
        temporary.write_bytes(content)
        manifest = {
            **describe_model(twin),
            "signature": "text" if text else "ids",
            "sha256": fingerprint(content),
            "source_tokenizer": twin.source_tokenizer.vocabulary_state(),
            "target_tokenizer": twin.target_tokenizer.vocabulary_state(),
            "search": {
                name: np.asarray(value).tolist() if name != "banned_ids" else search.banned_ids
                for name, value in options.items()
            },
        }
        write_manifest(manifest_path(temporary), manifest)
        sample = sample_texts(twin) if sample is None else list(sample)
        expected = KerasArtefact(model=twin).generate(sample, **options)
        compare(expected, TFLiteArtefact(temporary).generate(sample), sample, "the .tflite file")
        tree_to_disk(directory)
        with locked(file.parent):
            rename_pair(temporary, file, manifest["sha256"])
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


def _convert(twin: TextSeq2Seq, text: bool, search: SearchOptions) -> bytes:
    """Freezes the weights, then converts: variables read inside a loop fail on the device."""
    make = fast_text_signature if text else ids_signature
    function, signature = make(twin, search.for_batch(1))
    concrete = tf.function(function, input_signature=signature, autograph=False)
    with _encoders_up_to_eos(twin.seq2seq):
        concrete = concrete.get_concrete_function()
    frozen = convert_to_constants.convert_variables_to_constants_v2(concrete)
    names = sorted(concrete.structured_outputs)  # the order in which frozen returns them

    @tf.function(input_signature=signature, autograph=False)
    def call(value: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(names, frozen(value), strict=True))

    with tempfile.TemporaryDirectory() as directory:
        try:
            plain = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # never asked
            tf.saved_model.save(tf.Module(), directory, {"serving_default": call}, plain)
            converter = tf.lite.TFLiteConverter.from_saved_model(
                directory, signature_keys=["serving_default"]
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
            converter.allow_custom_ops = text
            return converter.convert()
        except Exception as error:
            raise ExportError(f"TFLite cannot hold this model: {first_line(error)}") from error


class _EncoderUpToEos:
    """Takes the place of an `Encoder` while the graph of a .tflite file is made.

    The encoder takes as many steps as its one row [1, S] has tokens. Behind it every shape is
    fixed: with a memory as long as the sentence, LiteRT 2.3.0 with XNNPACK read memory that
    nothing had written whenever a sentence was longer than the one before.
    """

    def __init__(self, encoder: Encoder):
        self.encoder = encoder

    def __call__(self, ids: tf.Tensor) -> tuple[Any, Memory]:
        mask = ids != self.encoder.pad_id  # [1, S]
        length = tf.reduce_sum(tf.cast(mask, tf.int32))
        state, memory = self.encoder(ids[:, :length], padded=False)
        # The last position again and again: what is masked may be anything but of another shape.
        places = tf.minimum(tf.range(ids.shape[1]), length - 1)
        values, embedded = (tf.gather(x, places, axis=1) for x in (memory.values, memory.embedded))
        return state, Memory(ids, mask, values, embedded)


@contextlib.contextmanager
def _encoders_up_to_eos(model: Any) -> Iterator[None]:
    """Within it, the encoders of a `Seq2Seq` or of all models of an `Ensemble` read up to EOS."""
    models = [m for m in getattr(model, "models", [model]) if hasattr(m, "encoder")]
    encoders = [(m, m.encoder) for m in models if isinstance(m.encoder, Encoder)]
    for one, encoder in encoders:
        one.encoder = _EncoderUpToEos(encoder)
    try:
        yield
    finally:
        for one, encoder in encoders:
            one.encoder = encoder
