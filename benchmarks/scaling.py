"""How speed depends on size: training and decoding over vocabulary, units, length and batch.

    python benchmarks/scaling.py --out build/scaling

The network is that of `training_speed.py` and `decoding_speed.py`, with random weights, on random
ids, so that no corpus is needed. One size is changed at a time, the others stay at V 8,000, H 512,
20 tokens a side and 32 sentences a batch (E 256). Training is target tokens a second as `model.fit`
delivers them; decoding is sentences a second of a SavedModel, greedily, `length` steps each.
Two more curves: `pairs` trains on batches of generated pairs from a cache, `workers` by
`keras-seq2seq train` in several processes on a core each, that share batches of 128; both on
shorter sentences.
Writes `scaling.json`, `scaling.md` and `scaling.png`. What is measured on a busy machine tells of
the machine: the load stands in the results. All of it takes some twenty minutes.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_table import processor
from decoding_speed import open_saved_model, sentences_per_second, write_saved_model
from random_network import random_network
from scaling_runs import corpus_speed, workers_speed
from scored_run import run_script
from training_speed import WARM_UP, make_round

BASE = {"vocabulary": 8000, "units": 512, "length": 20, "batch": 32}
CURVES = {
    "vocabulary": (2000, 8000, 32000),
    "units": (128, 256, 512, 1024),
    "length": (10, 20, 40),
    "batch": (8, 32, 128),
}
RUNS = {  # curves that have no point in common with others: measured by, and where
    "pairs": (corpus_speed, (10_000, 100_000, 1_000_000)),
    "workers": (workers_speed, (1, 2)),
}
MEASURES = {
    "target_tokens_per_s": "training, target tokens/s",
    "sentences_per_s": "decoding, sentences/s",
}
FIRST = 4  # ids below it are PAD, UNK, BOS and EOS
MORE = {"first_batch_s": "first batch, s", "peak_mb": "peak memory, MB"}


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="build/scaling", help="directory of the results")
    parser.add_argument("--curves", nargs="+", choices=[*CURVES, *RUNS], default=[*CURVES, *RUNS])
    parser.add_argument("--steps", type=int, default=8, help="of training, a round (8)")
    parser.add_argument("--batches", type=int, default=4, help="of decoding, a round (4)")
    parser.add_argument("--rounds", type=int, default=3, help="3")
    parser.add_argument("--threads", type=int, default=2, help="2")
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )
    options = parser.parse_args(arguments)
    for name in ("steps", "batches", "rounds", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: at least 1 is expected")
    return options


def points(curves):
    """All sizes to measure, each once: curves meet where all sizes are those of `BASE`."""
    found = {}
    for name in curves:
        for value in CURVES[name]:
            sizes = BASE | {name: value}
            found[tuple(sizes.values())] = sizes
    return list(found.values())


def random_ids(random, sizes, count):
    """Ids [count, B, length], without special ones."""
    shape = count, sizes["batch"], sizes["length"]
    return random.integers(FIRST, sizes["vocabulary"], shape, dtype="int32")


def network_options(options, sizes):
    return SimpleNamespace(
        embed=256,
        units=sizes["units"],
        length=sizes["length"],
        beams=[1],
        shortlist=False,
        threads=options.threads,
        steps=options.steps,
        cpu_time=False,
    )


def training_speed(options, sizes, random):
    from keras_seq2seq.training import TrainingConfig
    from keras_seq2seq.training.runs.build import compile_model

    network = network_options(options, sizes)
    model = random_network(network, sizes["vocabulary"], dtype=options.precision)
    config = TrainingConfig(
        optimizer="adam", learning_rate=1e-3, ema_momentum=0.0, precision=options.precision
    )
    compile_model(model, config, total_steps=10_000)
    count = options.steps + WARM_UP
    sides = random_ids(random, sizes, count), random_ids(random, sizes, count)
    batches = [
        ({"source_ids": s, "decoder_ids": t}, t, (t > 0).astype("float32"))
        for s, t in zip(*sides, strict=True)
    ]
    rounds = range(options.rounds)
    return statistics.median(make_round(network, model, batches, n)[0] for n in rounds)


def decoding_speed(options, sizes, random):
    network = network_options(options, sizes)
    with tempfile.TemporaryDirectory() as directory:
        write_saved_model(network, sizes["vocabulary"], directory)
        run = open_saved_model(network, directory)["beam_1"]
    batches = list(random_ids(random, sizes, options.batches))
    run(batches[0])  # warm up
    return statistics.median(sentences_per_second(run, batches) for _ in range(options.rounds))


def measure(options):
    """A row for each point: its sizes and both speeds."""
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_seq2seq.cli.terminal import progress_of

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    rows, wanted = [], points([name for name in options.curves if name in CURVES])
    runs = [(name, value) for name in options.curves if name in RUNS for value in RUNS[name][1]]
    with progress_of("sizes", len(wanted) + len(runs)) as progress:
        for number, sizes in enumerate(wanted):
            random = np.random.default_rng(0)
            rows.append(
                sizes
                | {"target_tokens_per_s": round(training_speed(options, sizes, random), 1)}
                | {"sentences_per_s": round(decoding_speed(options, sizes, random), 2)}
            )
            keras.backend.clear_session()
            progress(number + 1)
        for number, (name, value) in enumerate(runs, len(wanted)):
            rows.append({name: value} | RUNS[name][0](options, value, BASE))
            progress(number + 1)
    return rows


def curve(rows, name):
    """The rows of one curve in the order of its size."""
    others = {other: value for other, value in BASE.items() if other != name}
    if name in RUNS:
        found = [row for row in rows if name in row]
    else:
        found = [row for row in rows if others.items() <= row.items()]
    return sorted(found, key=lambda row: row[name])


def table(figures):
    lines = []
    for name in figures["curves"]:
        found = curve(figures["rows"], name)
        shown = {key: label for key, label in (MEASURES | MORE).items() if key in found[0]}
        lines += [f"| {name} | {' | '.join(shown.values())} |", "|---:" * (len(shown) + 1) + "|"]
        for row in found:
            speeds = (f"{row[key]:,.{key == 'first_batch_s':d}f}" for key in shown)
            lines.append(f"| {row[name]:,} | {' | '.join(speeds)} |")
        lines.append("")
    about = f"{figures['processor']}, {figures['threads']} threads, load {figures['load']}"
    base = ", ".join(f"{name} {value:,}" for name, value in BASE.items())
    return "\n".join(
        [*lines, f"What is not varied: {base}. {about}; medians of {figures['rounds']} rounds."]
    )


def draw(figures, path):
    """Small multiples: a column for each size, a row for training and one for decoding."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    names = figures["curves"]
    figure, grid = pyplot.subplots(
        len(MEASURES),
        len(names),
        figsize=(1 + 2.4 * len(names), 5.2),
        sharex="col",
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    for axes_of_row, (measure, label) in zip(grid, MEASURES.items(), strict=True):
        for axes, name in zip(axes_of_row, names, strict=True):
            found = [row for row in curve(figures["rows"], name) if measure in row]
            if not found:
                axes.set_axis_off()
                continue
            sizes = [row[name] for row in found]
            axes.plot(sizes, [row[measure] for row in found], marker="o", color="#4878a8")
            if name in BASE:
                axes.axvline(BASE[name], color="#bbbbbb", linewidth=1, zorder=0)
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
            axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
            axes.minorticks_off()
            axes.grid(axis="y", which="both", color="#eeeeee")
            axes.spines[["top", "right"]].set_visible(False)
        axes_of_row[0].set_ylabel(label)
    for column, name in zip(grid.T, names, strict=True):
        last = [axes for axes in column if axes.axison][-1]
        last.set_xlabel(name)
        last.tick_params(labelbottom=True)
    about = f"{figures['processor']}, {figures['threads']} threads, load {figures['load']}"
    figure.suptitle(f"{about}; grey: where the others are when one is varied")
    figure.savefig(path)
    pyplot.close(figure)


def main(arguments=None):
    options = parse_arguments(arguments)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    load = round(os.getloadavg()[0], 2)
    figures = {
        "processor": processor(),
        "threads": options.threads,
        "precision": options.precision,
        "load": load,
        "rounds": options.rounds,
        "base": BASE,
        "curves": options.curves,
        "rows": measure(options),
    }
    (out / "scaling.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    (out / "scaling.md").write_text(table(figures) + "\n", "utf-8")
    draw(figures, out / "scaling.png")
    print(table(figures))


if __name__ == "__main__":
    run_script(main)
