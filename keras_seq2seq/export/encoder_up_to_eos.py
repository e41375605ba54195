"""An encoder for phones, which reads one row up to its EOS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from keras_seq2seq.layers.encoder import Encoder
from keras_seq2seq.layers.memory import Memory


class EncoderUpToEos:
    """Takes the place of an `Encoder` while the graph of a .tflite file is made.

    The encoder takes as many steps as its one row [1, S] has tokens. Behind it every shape is
    fixed: with a memory as long as the sentence, LiteRT 2.3.0 with XNNPACK read memory that
    nothing had written whenever a sentence was longer than the one before.

    Args:
        encoder: a built `Encoder`.
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
def encoders_up_to_eos(model: Any) -> Iterator[None]:
    """Within it, the encoders of a `Seq2Seq` or of all models of an `Ensemble` read up to EOS."""
    models = [m for m in getattr(model, "models", [model]) if hasattr(m, "encoder")]
    encoders = [(m, m.encoder) for m in models if isinstance(m.encoder, Encoder)]
    for one, encoder in encoders:
        one.encoder = EncoderUpToEos(encoder)
    try:
        yield
    finally:
        for one, encoder in encoders:
            one.encoder = encoder
