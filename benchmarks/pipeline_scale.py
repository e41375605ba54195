"""The input pipeline at scale: memory and speed of pairs read from a cache, beside pairs in memory.

    python benchmarks/pipeline_scale.py --pairs 10000000 --directory /tmp/pairs --json FILE

Makes sharded gzipped tables of as many generated pairs as asked for (short ones: 4 to 12 made-up
words a side, all different), learns a vocabulary from a sample, tokenises all pairs into a cache,
and then, each in a process of its own:

- `cached`: opens the cache and reads an epoch: seconds to the first batch, target tokens a second,
  resident memory at its beginning, its end and its highest;
- `memory`: as many of the pairs as `--memory-pairs` says, tokenised in memory, in the same way. The
  two take turns, `--rounds` times; the ratio is that of the medians;
- `train`: with `--train-steps N`, N steps of a network on both, in turn.

Files that are there already are used again, so that a second call measures a cache that exists.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from random_network import random_network
from reference_run import compared

COUNT = "number_of_pairs"  # file beside the shards, which are those of this number
SHARD = 500_000  # pairs
SAMPLE = 200_000
VOCABULARY = 8000
KINDS = ("cached", "memory")


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=10_000_000)
    parser.add_argument("--memory-pairs", type=int, default=500_000)
    parser.add_argument("--directory", type=Path, required=True, help="for pairs and cache")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=0, help="read no more of an epoch")
    parser.add_argument("--train-steps", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=["cached", "memory"], choices=KINDS)
    parser.add_argument("--batch", type=int, default=64, help="pairs")
    parser.add_argument("--embed", type=int, default=128, help="E of the network")
    parser.add_argument("--units", type=int, default=256, help="H of its decoder")
    parser.add_argument("--threads", type=int, default=0, help="of training; 0: as many as cores")
    parser.add_argument("--only-pairs", action="store_true", help="make the tables and stop")
    parser.add_argument(
        "--cpu-time", action="store_true", help="tokens a second of the processor, not of the clock"
    )
    parser.add_argument("--json", metavar="FILE", help="where to write the figures; - is stdout")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    least = {"pairs": 1, "memory_pairs": 1, "rounds": 1, "batch": 1, "embed": 1, "units": 1}
    for name, low in {**least, "batches": 0, "train_steps": 0, "threads": 0}.items():
        if getattr(options, name) < low:
            flag = name.replace("_", "-")
            parser.error(f"--{flag} {getattr(options, name)}: at least {low} is expected")
    count = options.directory / COUNT
    if count.exists() and count.read_text().strip() != str(options.pairs):
        parser.error(
            f"--directory {options.directory} has {count.read_text().strip()} pairs, not "
            f"{options.pairs}: name another one."
        )
    return options


def write_pairs(options):
    """Shards of pairs of made-up words, the same for the same number; gives their glob."""
    rng = np.random.default_rng(0)
    syllables = [c + v for c in "bdfghklmnprstvz" for v in "aeiou"]
    words = ["".join(rng.choice(syllables, n)) for n in rng.integers(1, 4, 50_000)]
    options.directory.mkdir(parents=True, exist_ok=True)
    (options.directory / COUNT).write_text(f"{options.pairs}\n")
    for begin in range(0, options.pairs, SHARD):
        path = options.directory / f"pairs_{begin // SHARD:04d}.tsv.gz"
        if path.exists():
            continue
        rng, count = np.random.default_rng([1, begin]), min(SHARD, options.pairs - begin)
        # Words by rank, as in text: few of them are most of it.
        ranks = rng.zipf(1.2, (count, 24)) % len(words)
        lengths = rng.integers(4, 13, (count, 2))
        temporary = path.with_suffix(".part")
        with gzip.open(temporary, "wt", encoding="utf-8", compresslevel=1) as file:
            for row, (source, target) in zip(ranks.tolist(), lengths.tolist(), strict=True):
                sides = [words[i] for i in row[:source]], [words[i] for i in row[12 : 12 + target]]
                file.write("\t".join(map(" ".join, sides)) + "\n")
        temporary.rename(path)
    return str(options.directory / "pairs_*.tsv.gz")


def memory():
    """Resident MB of this process, now and at its highest."""
    status = Path("/proc/self/status").read_text()
    found = dict(line.split(":", 1) for line in status.splitlines())
    now, highest = (int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, highest


def cached(options):
    """The pairs in the cache, made if need be, and the vocabulary of both sides."""
    from keras_seq2seq.data.cache.cache_pairs import cache_pairs
    from keras_seq2seq.data.cache.large_corpus import LargeCorpus
    from keras_seq2seq.data.cache.reporting import Reporting
    from keras_seq2seq.data.cache.scanned_corpus import ScannedCorpus
    from keras_seq2seq.text import SentencePieceTokenizer

    reporting = Reporting(say=print)
    corpus = LargeCorpus(str(options.directory / "pairs_*.tsv.gz"))
    scanned = ScannedCorpus.of(
        corpus, options.directory / "cache", sample=SAMPLE, reporting=reporting
    )
    model = options.directory / "pieces.model"
    if not model.exists():
        sample = scanned.sample
        learnt = SentencePieceTokenizer.learn([*sample.sources, *sample.targets], VOCABULARY)
        model.write_bytes(learnt.proto)
    tokenizer = SentencePieceTokenizer(model)
    return cache_pairs(scanned, tokenizer, tokenizer, reporting=reporting), tokenizer


def build(options):
    """Reads and tokenises; the figures of that."""
    began = time.perf_counter()
    pairs, _ = cached(options)
    seconds = time.perf_counter() - began
    return {"pairs": len(pairs), "seconds": seconds, "peak_mb": memory()[1]}


def in_memory(options):
    """As many pairs as asked for, in memory."""
    from keras_seq2seq.data import SentencePairs, parallel_text
    from keras_seq2seq.text import SentencePieceTokenizer

    tokenizer = SentencePieceTokenizer(options.directory / "pieces.model")
    files = sorted(options.directory.glob("pairs_*.tsv.gz"))
    rows = []
    for path in files[: -(-options.memory_pairs // SHARD)]:
        rows += list(parallel_text.read_pairs(str(path)))
    return SentencePairs.from_pairs(rows[: options.memory_pairs]), tokenizer


def read(options, kind):
    """Reads an epoch, or a part of it, as `fit` does."""
    from keras_seq2seq import make_dataset

    import_mb = memory()[0]
    began = time.perf_counter()
    clock = time.process_time if options.cpu_time else time.perf_counter
    pairs, tokenizer = (cached if kind == "cached" else in_memory)(options)
    dataset = make_dataset(pairs, tokenizer, tokenizer, batch_size=options.batch, seed=1)
    limit = options.batches or len(dataset)
    tokens, first, trace = 0, 0.0, []
    for number, (_, _, weight) in enumerate(dataset.take(limit)):
        if not number:
            first = time.perf_counter() - began
            start = clock()
        else:
            tokens += float(weight.numpy().sum())
        if number % max(limit // 20, 1) == 0:
            trace.append(round(memory()[0]))
    seconds = clock() - start
    return {
        "first_batch_s": first,
        "batches": limit,
        "target_tokens_per_s": tokens / seconds,
        "import_mb": import_mb,
        "resident_mb": trace,
        "peak_mb": memory()[1],
    }


def train(options, kind):
    """Two epochs of as many steps of a network; the first one compiles and warms up."""
    import tensorflow as tf

    from keras_seq2seq import make_dataset
    from keras_seq2seq.training import TrainingConfig, TrainingScalars
    from keras_seq2seq.training.runs.build import compile_model

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    pairs, tokenizer = (cached if kind == "cached" else in_memory)(options)
    model = random_network(options, tokenizer.vocabulary_size)
    compile_model(model, TrainingConfig(), 10_000)
    dataset = make_dataset(pairs, tokenizer, tokenizer, batch_size=options.batch, seed=1)
    spent = []

    class Spent(TrainingScalars):
        def on_epoch_begin(self, epoch, logs=None):
            spent.append((time.perf_counter(), time.process_time()))

    callbacks = [Spent()]
    asked = {"epochs": 2, "steps_per_epoch": options.train_steps, "shuffle": False, "verbose": 0}
    history = model.fit(dataset, callbacks=callbacks, **asked).history
    speed = history["tokens_per_s"][-1]
    if options.cpu_time:
        wall, cpu = time.perf_counter() - spent[-1][0], time.process_time() - spent[-1][1]
        speed *= wall / cpu
    return {"target_tokens_per_s": speed, "peak_mb": memory()[1]}


def in_process(options, part):
    """The figures of one part, in a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--directory", str(options.directory)]
    names = ("pairs", "memory_pairs", "batches", "train_steps", "batch", "embed", "units")
    for name in (*names, "threads"):
        command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    command += ["--cpu-time"] if options.cpu_time else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(arguments=None):
    options = parse_arguments(arguments)
    if options.part:
        part, _, kind = options.part.partition(":")
        parts = {"build": lambda: build(options)}
        parts |= {"read": lambda: read(options, kind), "train": lambda: train(options, kind)}
        print(json.dumps(parts[part]()))
        return
    write_pairs(options)
    if options.only_pairs:
        return
    found = {"pairs": options.pairs, "build": in_process(options, "build")}
    print(f"{found['build']['pairs']:,} pairs in the cache, {found['build']['seconds']:.0f} s")
    work = ["read", *(["train"] if options.train_steps else [])]
    print(
        "| | round | target tokens/s | first batch, s | resident MB | peak MB |\n|---|"
        + "---:|" * 5
    )
    for what in work:
        found[what] = {kind: [] for kind in options.kinds}
        for number in range(options.rounds):
            for kind, rows in found[what].items():
                row = in_process(options, f"{what}:{kind}")
                rows.append(row)
                trace = row.get("resident_mb", [0])
                print(
                    f"| {what} {kind} | {number + 1} | {row['target_tokens_per_s']:,.0f} | "
                    f"{row.get('first_batch_s', 0):.1f} | {trace[0]} to {trace[-1]} | "
                    f"{row['peak_mb']:.0f} |",
                    flush=True,
                )
        if set(options.kinds) == set(KINDS):
            speeds = ([row["target_tokens_per_s"] for row in found[what][kind]] for kind in KINDS)
            found[f"{what}_ratio"] = compared(*speeds)
            print(f"{what}: cached / memory = {found[f'{what}_ratio']['ratio']:.3f}")
    if options.json == "-":
        print(json.dumps(found))
    elif options.json:
        Path(options.json).write_text(json.dumps(found) + "\n", "utf-8")


if __name__ == "__main__":
    main()
