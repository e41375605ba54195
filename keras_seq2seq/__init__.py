"""Small sequence-to-sequence models in Keras: train in a notebook, ship to servers and phones."""

import importlib
import os
import sys

from keras_seq2seq.lazy_names import lazy_names
from keras_seq2seq.version import __version__ as __version__

_WITH_ANY_BACKEND = {
    "Attention": "keras_seq2seq.layers.attention",
    "Bridge": "keras_seq2seq.layers.bridge",
    "Decoder": "keras_seq2seq.layers.decoder",
    "Encoder": "keras_seq2seq.layers.encoder",
    "Ensemble": "keras_seq2seq.models.ensemble",
    "Generation": "keras_seq2seq.decoding.generation",
    "Generator": "keras_seq2seq.layers.generator",
    "ModelSpec": "keras_seq2seq.models.model_spec",
    "Perplexity": "keras_seq2seq.objective.perplexity",
    "Phrasebook": "keras_seq2seq.phrasebook.phrasebook",
    "RecurrentStack": "keras_seq2seq.layers.recurrent_stack",
    "SearchOptions": "keras_seq2seq.decoding.search_options",
    "Seq2Seq": "keras_seq2seq.models.seq2seq",
    "SequenceCrossentropy": "keras_seq2seq.objective.sequence_crossentropy",
    "TokenAccuracy": "keras_seq2seq.objective.token_accuracy",
    "average_weights": "keras_seq2seq.models.average_weights",
    "read_pairs": "keras_seq2seq.data.parallel_text",
}
_WITH_TENSORFLOW = {
    "ByteTokenizer": "keras_seq2seq.text.byte_tokenizer",
    "CharacterTokenizer": "keras_seq2seq.text.character_tokenizer",
    "Normalization": "keras_seq2seq.text.normalization",
    "SentencePieceTokenizer": "keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer",
    "TextSeq2Seq": "keras_seq2seq.text_models.text_seq2seq",
    "export": "keras_seq2seq.export",
    "make_dataset": "keras_seq2seq.data.pipeline",
    "open_artefact": "keras_seq2seq.export.open_artefact",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, {**_WITH_ANY_BACKEND, **_WITH_TENSORFLOW})


def _is_command_line():
    """Whether this process is the command `keras-seq2seq`, which answers --help at once."""
    arguments = sys.orig_argv
    if "-m" in arguments[:-1]:
        return arguments[arguments.index("-m") + 1].partition(".")[0] == __name__
    return os.path.basename(sys.argv[0] if sys.argv else "") == "keras-seq2seq"


def _register_classes():
    """Makes every class known to Keras, so that `keras.saving.load_model` finds it."""
    import keras

    names = dict(_WITH_ANY_BACKEND)
    if keras.backend.backend() == "tensorflow":
        names.update(_WITH_TENSORFLOW)
    for module in sorted(set(names.values())):
        if module.split(".")[1] in ("layers", "models", "text", "training"):
            importlib.import_module(module)


if not _is_command_line():
    _register_classes()
