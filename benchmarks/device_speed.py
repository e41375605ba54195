"""Speed of `.tflite` files on this machine: milliseconds a sentence, one at a time.

    python benchmarks/device_speed.py --source test.en --model pieces.model

The network is that of `decoding_speed.py`, with random weights. It runs exactly `--length` steps,
for no token counts as the end. Files of all `--formats` are run by LiteRT in turn, with each number
of `--threads` and, with `--without-xnnpack`, also by LiteRT's own kernels. A table tells the median
of each, its ratio to that of the first row, and how much longer the first call of a file takes that
was just opened (median over rounds).

`--reference COMMAND` runs a command after each round that prints one line of JSON with
`sentences_per_s`. `--file MODEL.tflite` measures a file of yours as well, with its own lengths, in
words a second: words of the sources, as white space parts them. `--json FILE` writes one line of
JSON, to standard output if FILE is `-`.
"""

import argparse
import json
import os
import statistics
import sys
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_network import endless_network
from reference_run import give_line, run_reference


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", required=True, help="text, one sentence a line")
    parser.add_argument("--model", help="SentencePiece model")
    parser.add_argument("--embed", type=int, default=256, help="E")
    parser.add_argument("--units", type=int, default=512, help="H of the decoder")
    parser.add_argument("--formats", nargs="+", default=["none", "int8"])
    parser.add_argument("--sentences", type=int, default=30, help="a round, the shortest")
    parser.add_argument("--length", type=int, default=30, help="steps")
    parser.add_argument("--source-length", type=int, default=64, help="S")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--without-xnnpack", action="store_true", help="also without the delegate for float32"
    )
    parser.add_argument("--reference", help="command to take turns with")
    parser.add_argument(
        "--file",
        nargs="*",
        default=[],
        help=".tflite files of trained models; with the first of --threads",
    )
    parser.add_argument("--json", metavar="FILE", help="where to write the figures; - is stdout")
    return parser.parse_args(arguments)


def random_files(options, size):
    """The content of a `.tflite` file for each format, and the number of parameters."""
    from keras_seq2seq import SearchOptions
    from keras_seq2seq.export.on_device.conversion import convert
    from keras_seq2seq.export.on_device.device_signatures import DeviceSignatures
    from keras_seq2seq.export.on_device.one_sentence import ForOneSentence
    from keras_seq2seq.export.quantization.formats import files_of_formats

    model = endless_network(options, size)
    made = DeviceSignatures(model, options.source_length, options.length)
    function = ForOneSentence(model).trace(*made.search("translate", SearchOptions().for_batch(1)))
    files = {}
    for name in options.formats:
        found, _ = files_of_formats(
            name, lambda formats: convert({"translate": function}, formats=formats), size
        )
        files[name] = found[name]
    return files, model.count_params()


class Variant(NamedTuple):
    """A way to run a file."""

    format: str
    threads: int
    xnnpack: bool


def open_file(variant, files):
    """A function from ids [1, S] to the result of `translate`."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kinds = OpResolverType
    resolver = kinds.AUTO if variant.xnnpack else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_content=files[variant.format],
        num_threads=variant.threads,
        experimental_op_resolver_type=resolver,
    )
    return interpreter.get_signature_runner("translate")


def milliseconds(run, rows):
    """Of one sentence: the median over rows [N, S]."""
    times = []
    for row in rows:
        began = time.perf_counter()
        run(ids=row[None])
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def measure_random(options):
    import numpy as np

    from keras_seq2seq.text import SentencePieceTokenizer

    tokenizer = SentencePieceTokenizer(options.model)
    lines = Path(options.source).read_text("utf-8").splitlines()
    rows = sorted(([*tokenizer.tokenize_python(line), 3] for line in lines), key=len)
    ids = np.zeros((options.sentences, options.source_length), "int32")
    for place, row in enumerate(rows[: options.sentences]):
        ids[place, : len(row)] = row
    files, parameters = random_files(options, tokenizer.vocabulary_size)
    delegates = (True, False) if options.without_xnnpack else (True,)
    variants = [Variant(*v) for v in product(files, options.threads, delegates)]
    runs = {variant: open_file(variant, files) for variant in variants}
    for run in runs.values():
        milliseconds(run, ids)  # warm up
    times, first, theirs = {v: [] for v in variants}, {v: [] for v in variants}, []
    for number in range(options.rounds):
        for variant, run in runs.items():
            first[variant].append(milliseconds(open_file(variant, files), ids[:1]))
            times[variant].append(milliseconds(run, ids))
        if options.reference:
            theirs.append(1000 / run_reference(options.reference, "sentences_per_s"))
        load = os.getloadavg()[0]
        print(f"round {number + 1} of {options.rounds}, load {load:.1f}", file=sys.stderr)
    rows = ratios(times, first, theirs)
    for row in rows:
        row["bytes"] = len(files[row["format"]])
    print_table(rows)
    figures = {"parameters": parameters, "length": options.length, "variants": rows}
    return figures | ({"reference_ms": round(statistics.median(theirs), 2)} if theirs else {})


def ratios(times, first, theirs):
    """A row for each variant: medians over rounds, and ratios of what was measured in one round."""
    base = next(iter(times.values()))
    rows = []
    for variant, found in times.items():
        row = {
            **variant._asdict(),
            "ms": round(statistics.median(found), 3),
            "to_first_row": median_ratio(found, base),
            "first_call_ms": round(statistics.median(first[variant]), 2),
            "first_call_ratio": median_ratio(first[variant], found),
        }
        if theirs:
            all_ratios = [round(a / b, 2) for a, b in zip(theirs, found, strict=True)]
            row["reference_ratio"] = median_ratio(theirs, found)
            row["reference_ratio_range"] = [min(all_ratios), max(all_ratios)]
        rows.append(row)
    return rows


def median_ratio(ours, theirs):
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 2)


def print_table(rows):
    names = [name for name in rows[0] if name != "bytes"]
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}", file=sys.stderr)
    for row in rows:
        print(f"| {' | '.join(str(row[name]) for name in names)} |", file=sys.stderr)


def measure_file(options, path):
    """Words of the sources a second, text to text, by the client that needs no TensorFlow."""
    from keras_seq2seq.export.on_device.seq2seq_lite import Translator

    translator = Translator(path, num_threads=options.threads[0])
    lines = Path(options.source).read_text("utf-8").splitlines()
    translator.translate_all(lines[:20])
    speeds = []
    for _ in range(options.rounds):
        began = time.perf_counter()
        translator.translate_all(lines)
        speeds.append(sum(len(line.split()) for line in lines) / (time.perf_counter() - began))
    words = round(statistics.median(speeds), 1)
    return {"bytes": os.path.getsize(path), "words_per_s": words, "sentences": len(lines)}


def main(arguments=None):
    options = parse_arguments(arguments)
    figures = measure_random(options) if options.model else {}
    for path in options.file:
        figures[path] = measure_file(options, path)
        print(json.dumps({path: figures[path]}), file=sys.stderr)
    give_line(figures, options.json)


if __name__ == "__main__":
    main()
