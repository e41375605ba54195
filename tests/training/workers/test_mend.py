"""What mends Keras under several workers does so only where Keras needs it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq import ByteTokenizer, Seq2Seq, TextSeq2Seq
from keras_seq2seq.training.workers import tensorflow_workers

REDUCE = "keras.src.backend.tensorflow.trainer.reduce_per_replica"


def refusing(values, strategy, reduction):
    raise ValueError("Invalid reduction dimension 0 for input with 0 dimensions")


@pytest.mark.parametrize(
    ("reduce", "needed"), [(refusing, True), (lambda values, *_: values, False)]
)
def test_keras_is_asked(monkeypatch, reduce, needed):
    monkeypatch.setattr(REDUCE, reduce)
    assert tensorflow_workers.needs_vectors(tf.distribute.get_strategy()) is needed


def test_a_keras_of_other_names_is_left_alone(monkeypatch):
    monkeypatch.delattr(REDUCE)
    assert not tensorflow_workers.needs_vectors(tf.distribute.get_strategy())


def test_figures_are_vectors_where_that_is_needed():
    tokenizer = ByteTokenizer()
    size = tokenizer.vocabulary_size
    model = TextSeq2Seq(Seq2Seq.from_options(size, size, units=4), tokenizer, tokenizer)
    model.compile(keras.optimizers.SGD(0.0), keras.losses.SparseCategoricalCrossentropy(True))
    ids = np.ones((2, 3), "int32")
    batch = ({"source_ids": ids, "decoder_ids": ids}, ids)
    for vectors in (False, True):
        model.vector_logs = vectors
        for step in (model.train_step, model.test_step):
            assert step(batch)["loss"].shape == ((1,) if vectors else ())
