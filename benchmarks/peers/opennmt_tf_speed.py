"""OpenNMT-tf: `LSTMEncoder` and `AttentionalRNNDecoder` with Luong attention.

    python opennmt_tf_speed.py train --source train.en --target train.de --model pieces.model
    python opennmt_tf_speed.py decode --source test.en --model pieces.model --beam 4

A training step is the model's own `compute_gradients` and its own optimizer in one `tf.function`,
without the Trainer's accumulation and statistics. Its decoder always feeds attention back as input
and its attention has a matrix of its own, which cannot be switched off.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import opennmt
import tensorflow as tf
from common import BOS, EOS, PAD, UNK, expect, run

IDS = tf.TensorSpec([None, None], tf.int32)
LENGTHS = tf.TensorSpec([None], tf.int32)


class Handed(opennmt.layers.Bridge):
    """The encoder's state as the decoder's; `CopyBridge` wants lists where there are tuples."""

    def call(self, states):
        state, expected = states
        return tf.nest.pack_sequence_as(expected, tf.nest.flatten(state))


def build(options, size, **params):
    """The model; OpenNMT-tf adds a token of its own to the vocabulary, for unknown words."""
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    tf.random.set_seed(0)
    model = opennmt.models.SequenceToSequence(
        opennmt.inputters.WordEmbedder(embedding_size=options.embed),
        opennmt.inputters.WordEmbedder(embedding_size=options.embed),
        opennmt.encoders.LSTMEncoder(1, options.units // 2, bidirectional=True, dropout=0),
        opennmt.decoders.AttentionalRNNDecoder(1, options.units, bridge_class=Handed, dropout=0),
    )
    with tempfile.TemporaryDirectory() as directory:
        words = Path(directory) / "words.txt"
        tokens = ["<blank>", "<s>", "</s>", *map(str, range(3, size - 1))]
        words.write_text("\n".join(tokens) + "\n", "utf-8")
        files = {"source_vocabulary": str(words), "target_vocabulary": str(words)}
        model.initialize(files, params)
    return model


def its_ids(ids, size):
    """Ids of SentencePiece as OpenNMT-tf numbers them: blank 0, begin 1, end 2, unknown last."""
    table = np.arange(size, dtype="int32")
    table[[PAD, BOS, EOS, UNK, size - 1]] = 0, 1, 2, size - 1, BOS + 1
    return table[ids]


def trainer(options, size):
    clipped = {"global_clipnorm": 1.0}
    settings = {"optimizer": "Adam", "learning_rate": 1e-3, "optimizer_params": clipped}
    model = build(options, size, label_smoothing=0.1, **settings)
    optimizer = model.get_optimizer()

    @tf.function(input_signature=[IDS, IDS])
    def train(source, target):
        def lengths(ids):
            return tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)

        features = {"ids": source, "length": lengths(source)}
        labels = {"ids": target[:, :-1], "ids_out": target[:, 1:], "length": lengths(target) - 1}
        loss, gradients = model.compute_gradients(features, labels, optimizer)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return lambda source, target: train(its_ids(source, size), its_ids(target, size)).numpy()


def decoder(options, size):
    length = options.length
    searching = {"minimum_decoding_length": length, "maximum_decoding_length": length}
    model = build(options, size, beam_width=options.beam, **searching)

    @tf.function(input_signature=[IDS, LENGTHS])
    def search(ids, lengths):
        _, predictions = model({"ids": ids, "length": lengths})
        return predictions["tokens"]

    def decode(source):
        tokens = search(its_ids(source, size), (source != PAD).sum(1).astype("int32"))
        expect(tokens.shape[-1], length, "tokens of a translation")

    return decode


if __name__ == "__main__":
    run(__doc__, trainer, decoder)
