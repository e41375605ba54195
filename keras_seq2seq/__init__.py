"""Small sequence-to-sequence models in Keras: train in a notebook, ship to servers and phones."""

from typing import TYPE_CHECKING

from keras_seq2seq.version import __version__ as __version__

if TYPE_CHECKING:
    from keras_seq2seq import data as data
    from keras_seq2seq import decoding as decoding
    from keras_seq2seq import evaluation as evaluation
    from keras_seq2seq import export as export
    from keras_seq2seq import layers as layers
    from keras_seq2seq import models as models
    from keras_seq2seq import objective as objective
    from keras_seq2seq import text as text
    from keras_seq2seq import text_models as text_models
    from keras_seq2seq import training as training
    from keras_seq2seq.data.parallel_text import read_pairs as read_pairs
    from keras_seq2seq.data.pipeline import make_dataset as make_dataset
    from keras_seq2seq.decoding.generation import Generation as Generation
    from keras_seq2seq.decoding.search_options import SearchOptions as SearchOptions
    from keras_seq2seq.export.open_artefact import open_artefact as open_artefact
    from keras_seq2seq.layers.attention import Attention as Attention
    from keras_seq2seq.layers.bridge import Bridge as Bridge
    from keras_seq2seq.layers.decoder import Decoder as Decoder
    from keras_seq2seq.layers.encoder import Encoder as Encoder
    from keras_seq2seq.layers.generator import Generator as Generator
    from keras_seq2seq.layers.recurrent_stack import RecurrentStack as RecurrentStack
    from keras_seq2seq.models.average_weights import average_weights as average_weights
    from keras_seq2seq.models.ensemble import Ensemble as Ensemble
    from keras_seq2seq.models.model_spec import ModelSpec as ModelSpec
    from keras_seq2seq.models.seq2seq import Seq2Seq as Seq2Seq
    from keras_seq2seq.objective.perplexity import Perplexity as Perplexity
    from keras_seq2seq.objective.sequence_crossentropy import (
        SequenceCrossentropy as SequenceCrossentropy,
    )
    from keras_seq2seq.objective.token_accuracy import TokenAccuracy as TokenAccuracy
    from keras_seq2seq.phrasebook.phrasebook import Phrasebook as Phrasebook
    from keras_seq2seq.text.byte_tokenizer import ByteTokenizer as ByteTokenizer
    from keras_seq2seq.text.character_tokenizer import CharacterTokenizer as CharacterTokenizer
    from keras_seq2seq.text.normalization import Normalization as Normalization
    from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import (
        SentencePieceTokenizer as SentencePieceTokenizer,
    )
    from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq as TextSeq2Seq
else:
    import sys

    from keras_seq2seq.keras_registration import register_classes, register_when_keras_comes
    from keras_seq2seq.lazy_names import lazy_names

    def _registered(name=None):
        # Who opens a .tflite file may have no Keras; for other artefacts it is loaded in time.
        if name not in (None, "open_artefact") or {"keras", "tensorflow"} & sys.modules.keys():
            register_classes()
        elif name is None:
            register_when_keras_comes()

    # Who loads a saved model imports Keras before this package or after it, or uses its names.
    __getattr__, __dir__, __all__ = lazy_names(__name__, before_first_use=_registered)
    _registered()
