"""Speed of `.tflite` files on this machine: milliseconds a sentence, one at a time.

    python benchmarks/device_speed.py --source test.en --model pieces.model

The network is that of `decoding_speed.py`, with random weights. It runs exactly `--length` steps,
for no token counts as the end. Files of all `--formats` are run by LiteRT in turn, sentence by
sentence; first, what the first call costs beside the median.

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
from pathlib import Path

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
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference", help="command to take turns with")
    parser.add_argument("--file", nargs="*", default=[], help=".tflite files of trained models")
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


def open_file(options, content):
    """A function from ids [1, S] to the result of `translate`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=options.threads)
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
    figures = {"parameters": parameters, "length": options.length, "threads": options.threads}
    runs, ours = {}, {name: [] for name in files}
    for name, content in files.items():
        runs[name] = open_file(options, content)
        figures[name] = {
            "bytes": len(content),
            "first_ms": round(milliseconds(runs[name], ids[:1]), 2),
        }
        milliseconds(runs[name], ids)  # warm up
    theirs = []
    for number in range(options.rounds):
        for name, run in runs.items():
            ours[name].append(milliseconds(run, ids))
        if options.reference:
            theirs.append(1000 / run_reference(options.reference, "sentences_per_s"))
        told = {name: f"{values[-1]:.2f}" for name, values in ours.items()}
        print(f"round {number + 1}: {told} ms; reference {theirs[-1:]} ms", file=sys.stderr)
    for name, values in ours.items():
        figures[name]["ms"] = round(statistics.median(values), 3)
        if theirs:
            figures[name]["ratio"] = round(statistics.median(theirs) / figures[name]["ms"], 2)
    if theirs:
        figures["reference_ms"] = round(statistics.median(theirs), 2)
    return figures


def measure_file(options, path):
    """Words of the sources a second, text to text, by the client that needs no TensorFlow."""
    from keras_seq2seq.export.on_device.seq2seq_lite import Translator

    translator = Translator(path, num_threads=options.threads)
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
