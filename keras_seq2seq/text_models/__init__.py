"""Models over strings: tokenizers and a model over ids in one."""

from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq as TextSeq2Seq
