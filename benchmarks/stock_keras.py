"""The network of `training_speed.py` as it is written with Keras's own layers: a reference.

    python benchmarks/stock_keras.py --source train.en --target train.de --model pieces.model

`Embedding`, `Bidirectional(LSTM)`, `LSTM`, `Attention` and `Dense`, `compile` and `fit`, with masks
as Keras hands them on. Batches are those of `training_speed.py`. Prints one line of JSON with
`target_tokens_per_s`, as `--reference` wants it.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training_speed import make_round, parse_arguments, read_batches


def build(options, size):
    """Embeddings [V, E], a bidirectional encoder and a decoder of H units, dot attention."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(options.precision)
    half = options.units // 2
    source_ids = keras.Input((None,), dtype="int32", name="source_ids")
    decoder_ids = keras.Input((None,), dtype="int32", name="decoder_ids")
    source = layers.Embedding(size, options.embed, mask_zero=True)(source_ids)
    encoder = layers.Bidirectional(layers.LSTM(half, return_sequences=True, return_state=True))
    memory, h, c, back_h, back_c = encoder(source)
    state = [layers.Concatenate()([h, back_h]), layers.Concatenate()([c, back_c])]
    target = layers.Embedding(size, options.embed, mask_zero=True)(decoder_ids)
    hidden = layers.LSTM(options.units, return_sequences=True)(target, initial_state=state)
    context = layers.Attention()([hidden, memory])
    both = layers.Concatenate()([hidden, context])
    hidden = layers.Dense(options.units, activation="tanh", use_bias=False)(both)
    logits = layers.Dense(size, use_bias=False, dtype="float32")(hidden)
    model = keras.Model({"source_ids": source_ids, "decoder_ids": decoder_ids}, logits)
    model.compile(
        keras.optimizers.Adam(1e-3, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    return model


def main(arguments=None):
    options = parse_arguments(arguments)
    import tensorflow as tf

    from keras_seq2seq.text import SentencePieceTokenizer

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    tokenizer = SentencePieceTokenizer(options.model)
    model = build(options, tokenizer.vocabulary_size)
    batches = read_batches(options, tokenizer)
    speeds = [make_round(options, model, batches, seed)[0] for seed in range(options.rounds)]
    middle = sorted(speeds)[len(speeds) // 2]
    print(json.dumps({"target_tokens_per_s": middle, "parameters": model.count_params()}))


if __name__ == "__main__":
    main()
