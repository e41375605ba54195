"""The built-in corpus: a grammar that makes Korean sentences and their English translations."""

from keras_seq2seq.phrasebook.phrasebook import Phrasebook as Phrasebook
