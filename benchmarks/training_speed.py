"""Training speed on this machine: target tokens a second, padding not counted.

    python benchmarks/training_speed.py --source train.en --target train.de --model pieces.model

The network is a bidirectional LSTM encoder of H/2 units a direction and an LSTM decoder of H units
with dot attention and a generator of its own, trained with label smoothing, Adam and a limit on
the gradient's norm, with the metrics of a usual run: what `keras-seq2seq train` does in a step,
reading of the batch included. Batches hold sentences of like length; each round takes batches at
random from the whole corpus, after some to warm up.

`--reference COMMAND` runs a command after each round that prints one line of JSON with
`target_tokens_per_s`, and gives the ratio of the medians: two programs can be compared only when
they take turns. `--json FILE` writes one line of JSON, to standard output if FILE is `-`.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_network import random_network
from reference_run import compared, give_line, run_reference

WARM_UP = 5  # steps


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", required=True, help="text, one sentence a line")
    parser.add_argument("--target", required=True, help="text, line by line its translation")
    parser.add_argument("--model", required=True, help="SentencePiece model for both sides")
    parser.add_argument("--embed", type=int, default=256, help="E")
    parser.add_argument("--units", type=int, default=512, help="H of the decoder")
    parser.add_argument("--batch", type=int, default=64, help="sentence pairs")
    parser.add_argument("--steps", type=int, default=30, help="steps a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )
    parser.add_argument(
        "--cpu-time", action="store_true", help="seconds of the processor, not of the clock"
    )
    parser.add_argument("--reference", help="command to take turns with")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures; - is stdout")
    return parser.parse_args(arguments)


def build(options):
    """The network, compiled as a run with the default configuration does it."""
    from keras_seq2seq.text import SentencePieceTokenizer
    from keras_seq2seq.training import TrainingConfig
    from keras_seq2seq.training.runs.build import compile_model

    tokenizer = SentencePieceTokenizer(options.model)
    size = tokenizer.vocabulary_size
    model = random_network(options, size, dtype=options.precision)
    config = TrainingConfig(
        optimizer="adam", learning_rate=1e-3, ema_momentum=0.0, precision=options.precision
    )
    compile_model(model, config, total_steps=10_000)
    return model, tokenizer


def read_batches(options, tokenizer):
    """All batches of the corpus, sorted by target length: (x, y, sample_weight) each."""
    from keras_seq2seq import make_dataset, read_pairs

    pairs = read_pairs(f"{options.source},{options.target}", drop_duplicates=False)
    dataset = make_dataset(
        pairs,
        tokenizer,
        tokenizer,
        batch_size=options.batch,
        max_source_length=10_000,
        max_target_length=10_000,
        shuffle=False,
    )
    return list(dataset.as_numpy_iterator())


def make_round(options, model, batches, seed):
    """Trains on batches at random and returns target tokens a second and the median step."""
    import keras
    import numpy as np
    import tensorflow as tf

    chosen = np.random.default_rng(seed).permutation(len(batches))[: options.steps + WARM_UP]
    signature = tf.nest.map_structure(
        lambda array: tf.TensorSpec([None, None], array.dtype), batches[0]
    )
    dataset = tf.data.Dataset.from_generator(
        lambda: (batches[i] for i in chosen), output_signature=signature
    ).apply(tf.data.experimental.assert_cardinality(len(chosen)))

    now = time.process_time if options.cpu_time else time.perf_counter

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds = []

        def on_train_batch_begin(self, batch, logs=None):
            self.began = now()

        def on_train_batch_end(self, batch, logs=None):
            self.seconds.append(now() - self.began)

    clock = Clock()
    model.fit(dataset.prefetch(2), verbose=0, shuffle=False, callbacks=[clock])
    tokens = sum(int(batches[i][2].sum()) for i in chosen[WARM_UP:])
    seconds = clock.seconds[WARM_UP:]
    return tokens / sum(seconds), 1e3 * statistics.median(seconds)


def main(arguments=None):
    options = parse_arguments(arguments)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    model, tokenizer = build(options)
    batches = read_batches(options, tokenizer)
    speeds, steps, references = [], [], []
    for number in range(options.rounds):
        speed, step = make_round(options, model, batches, seed=number)
        speeds.append(speed)
        steps.append(step)
        line = f"round {number + 1}: {speed:,.0f} target tokens/s, step {step:.0f} ms"
        if options.reference:
            references.append(run_reference(options.reference, "target_tokens_per_s"))
            line += f"; reference {references[-1]:,.0f} target tokens/s"
        print(line, file=sys.stderr)
    figures = {
        "precision": options.precision,
        "clock": "cpu" if options.cpu_time else "wall",
        "parameters": model.count_params(),
        "batch": options.batch,
        "rounds": options.rounds,
        "median_step_ms": round(statistics.median(steps), 1),
        "target_tokens_per_s": round(statistics.median(speeds), 1),
    }
    if references:
        figures["reference_target_tokens_per_s"] = round(statistics.median(references), 1)
        figures |= compared(speeds, references)
    give_line(figures, options.json)


if __name__ == "__main__":
    main()
