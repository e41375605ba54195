"""Layers of the seed system: Encoder, Decoder, Generator and their parts (keras.ops only)."""

from keras_seq2seq.layers.attention import Attention as Attention
from keras_seq2seq.layers.bridge import Bridge as Bridge
from keras_seq2seq.layers.decoder import Decoder as Decoder
from keras_seq2seq.layers.encoder import Encoder as Encoder
from keras_seq2seq.layers.generator import Generator as Generator
from keras_seq2seq.layers.recurrent_stack import RecurrentStack as RecurrentStack
