"""Layers of the seed system: Encoder, Decoder, Generator and their parts (keras.ops only)."""

from typing import TYPE_CHECKING

# Lazy, so that options can be checked without waiting for Keras.
if TYPE_CHECKING:
    from keras_seq2seq.layers.attention import Attention as Attention
    from keras_seq2seq.layers.bridge import Bridge as Bridge
    from keras_seq2seq.layers.cells import CELLS as CELLS
    from keras_seq2seq.layers.cells.step_layer import StepLayer as StepLayer
    from keras_seq2seq.layers.decoder import Decoder as Decoder
    from keras_seq2seq.layers.encoder import Encoder as Encoder
    from keras_seq2seq.layers.generator import Generator as Generator
    from keras_seq2seq.layers.kinds import ATTENTIONS as ATTENTIONS
    from keras_seq2seq.layers.kinds import BRIDGES as BRIDGES
    from keras_seq2seq.layers.memory import Memory as Memory
    from keras_seq2seq.layers.options.decoder_spec import DecoderSpec as DecoderSpec
    from keras_seq2seq.layers.options.encoder_spec import EncoderSpec as EncoderSpec
    from keras_seq2seq.layers.options.generator_spec import GeneratorSpec as GeneratorSpec
    from keras_seq2seq.layers.options.stack_spec import StackSpec as StackSpec
    from keras_seq2seq.layers.recurrent_stack import RecurrentStack as RecurrentStack
    from keras_seq2seq.layers.shortlist import Shortlist as Shortlist
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
