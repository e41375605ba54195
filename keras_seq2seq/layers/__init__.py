"""Layers of the seed system: Encoder, Decoder, Generator and their parts (keras.ops only)."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that options can be checked without waiting for Keras.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "ATTENTIONS": "keras_seq2seq.layers.kinds",
        "Attention": "keras_seq2seq.layers.attention",
        "BRIDGES": "keras_seq2seq.layers.kinds",
        "Bridge": "keras_seq2seq.layers.bridge",
        "CELLS": "keras_seq2seq.layers.cells",
        "Decoder": "keras_seq2seq.layers.decoder",
        "DecoderSpec": "keras_seq2seq.layers.decoder_spec",
        "Encoder": "keras_seq2seq.layers.encoder",
        "EncoderSpec": "keras_seq2seq.layers.encoder_spec",
        "Generator": "keras_seq2seq.layers.generator",
        "GeneratorSpec": "keras_seq2seq.layers.generator_spec",
        "Memory": "keras_seq2seq.layers.memory",
        "RecurrentStack": "keras_seq2seq.layers.recurrent_stack",
        "StackSpec": "keras_seq2seq.layers.stack_spec",
        "StepLayer": "keras_seq2seq.layers.cells.step_layer",
    },
)
