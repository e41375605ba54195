"""Finished runs of Multi30k side by side: quality, speed of training and speed on a device.

    python benchmarks/compare_runs.py runs/lstm runs/ssru --json cells.json

Scores val, greedily and with beams; trains a fresh network of each run's configuration on random
batches of its corpus; writes each model as a .tflite file and translates sentences one at a time.
Speeds are taken in turn, round by round. Prints a table in Markdown.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from multi30k import measure
from real_corpora import multi30k_files, read_split
from scored_run import give_json, open_finished_run, run_script, say
from training_speed import make_round

from keras_seq2seq.cli.terminal import out


def main(arguments=None):
    options = parse(arguments)
    files = multi30k_files()
    runs = [open_finished_run(path) for path in options.runs]
    results = [measure(run, files, options.beam, test=False) for run in runs]
    figures = zip(training_speeds(runs, options), device_speeds(runs, files, options), strict=True)
    for result, (tokens, device) in zip(results, figures, strict=True):
        result |= {"target_tokens_per_s": tokens, **device}
    print_table(results)
    give_json(results, options.json)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="directory of a finished run")
    parser.add_argument("--beam", type=int, default=5, help="beam size; 1 is greedy search")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30, help="of training, a round")
    parser.add_argument("--sentences", type=int, default=100, help="on the device, a round")
    parser.add_argument("--json", help="file for the figures; - is standard output")
    options = parser.parse_args(arguments)
    options.cpu_time = False
    for name in ("beam", "rounds", "steps", "sentences"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: at least 1 is expected")
    return options


def training_speeds(runs, options) -> list[float]:
    """Median target tokens a second of each run's network, padding not counted."""
    trained = [build(run) for run in runs]
    speeds = [[] for _ in runs]
    for number in range(options.rounds):
        say(f"Training, round {number + 1} of {options.rounds}")
        for found, (model, batches) in zip(speeds, trained, strict=True):
            found.append(make_round(options, model, batches, seed=number)[0])
    return [round(statistics.median(found)) for found in speeds]


def build(run):
    """A fresh network, compiled as the run did it, and all batches of its corpus."""
    import keras

    from keras_seq2seq import make_dataset
    from keras_seq2seq.export import open_artefact
    from keras_seq2seq.training import load_config
    from keras_seq2seq.training.runs.build import build_model, compile_model

    config = load_config(run.config)
    finished = open_artefact(run.model).model
    tokenizers = finished.source_tokenizer, finished.target_tokenizer
    keras.utils.set_random_seed(config.training.seed)
    model = build_model(config, *tokenizers)
    compile_model(model, config.training, total_steps=10_000)
    data = config.data
    sizes = {"batch_size": data.batch_size, "batch_tokens": data.batch_tokens, **data.limits}
    r_drop = config.training.r_drop > 0
    dataset = make_dataset(data.read()[0], *tokenizers, r_drop=r_drop, **sizes)
    return model, list(dataset.as_numpy_iterator())


def device_speeds(runs, files, options) -> list[dict]:
    """Bytes of each run's .tflite file, tokens of a sentence, and its median milliseconds."""
    from keras_seq2seq import export
    from keras_seq2seq.export import open_artefact

    sources = read_split(files["valid"]).sources[: options.sentences]
    with tempfile.TemporaryDirectory() as directory:
        paths = [Path(directory, f"{number}.tflite") for number in range(len(runs))]
        for run, path in zip(runs, paths, strict=True):
            export.tflite(open_artefact(run.model).model, path)
        artefacts = [open_artefact(path) for path in paths]
        lengths = [artefact.generate(sources, 1).lengths for artefact in artefacts]
        times = [[] for _ in runs]
        for _ in range(options.rounds):
            for found, artefact in zip(times, artefacts, strict=True):
                began = time.perf_counter()
                artefact.generate(sources, batch_size=1)
                found.append(1e3 * (time.perf_counter() - began) / len(sources))
        return [
            {
                "tflite_bytes": path.stat().st_size,
                "tflite_tokens": round(statistics.mean(tokens), 1),
                "tflite_ms": round(statistics.median(found), 2),
            }
            for path, tokens, found in zip(paths, lengths, times, strict=True)
        ]


def print_table(results):
    """Prints one row a run, in Markdown."""
    lines = [
        "| run | parameters | val, greedy | val, beam | valid perplexity | training, target "
        "tokens/s | .tflite, ms a sentence | tokens of one | .tflite, MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in results:
        greedy, beam = (row[at]["bleu_lowercased_tokenised"] for at in ("val_greedy", "val"))
        perplexity = f"{row['valid_perplexity']:.2f}" if "valid_perplexity" in row else ""
        lines.append(
            f"| {row['run']} | {row['parameters'] / 1e6:.2f} M | {greedy:.2f} | {beam:.2f} "
            f"| {perplexity} | {row['target_tokens_per_s']:,} | {row['tflite_ms']:.1f} "
            f"| {row['tflite_tokens']:.1f} | {row['tflite_bytes'] / 1e6:.1f} |"
        )
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run_script(main)
