"""Words a second of a finished run on one core, from text to text: what to hold beside others.

    python benchmarks/words_per_second.py runs/multi30k --source test.en --json words.json

Writes the model as an int8 `.tflite` file, which translates one sentence at a time by the
standalone client, and as a SavedModel, whose `serving_default` runs in a session as a server does
it, in batches of sentences of like length; where the run's pairs are still there, also one with a
lexical shortlist. All are measured in turn, with one thread, greedily, to
EOS; words are those of the sources, as white space parts them. Prints a table in Markdown.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from scored_run import give_json, open_finished_run, run_script, say

from keras_seq2seq.cli.terminal import out, progress_of

PUBLISHED = {
    "what": "published: a Transformer student in int8, 17 MB (Marian tiny11), batches of 32 with a "
    "shortlist, one thread of a Xeon 6248",
    "words_per_s": [3300, 4100],
}


def main(arguments=None):
    options = parse(arguments)
    run = open_finished_run(options.run)
    figures = measure(run, options)
    print_table(figures)
    give_json(figures, options.json)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="directory of a finished run")
    parser.add_argument("--source", required=True, help="text, one sentence a line")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 32], help="of the SavedModel")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="file for the figures; - is standard output")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: at least 1 is expected")
    return options


def measure(run, options):
    from keras_seq2seq import export
    from keras_seq2seq.cli.exporting.learnt_shortlist import with_shortlist
    from keras_seq2seq.export import open_artefact

    model = open_artefact(run.model).model
    lines = Path(options.source).read_text("utf-8").splitlines()
    lines = sorted((line for line in lines if line.strip()), key=len)
    if not lines:
        raise ValueError(f"{options.source} has no sentences.")
    with tempfile.TemporaryDirectory() as directory:
        file = export.tflite(model, Path(directory, "int8.tflite"), signatures=(), quantize="int8")
        ways = {f".tflite, int8, {megabytes(file)} MB": device_way(file)}
        served = {"SavedModel": {}, "SavedModel with a shortlist": {"shortlist": True}}
        for what, search in served.items():
            try:
                one = with_shortlist(Path(run.path), model) if search else model
            except ValueError as error:
                say(f"{what}: left out, {error}")
                continue
            folder, few = Path(directory, what), {"beam_size": 1, "beam_inputs": ()}
            version = export.saved_model(one, folder, **few, **search)
            for size in options.batch:
                name = f"{what}, {megabytes(version)} MB, batches of {size}"
                ways[name] = server_way(version, size)
        return {
            "parameters": model.count_params(),
            "sentences": len(lines),
            "words": sum(len(line.split()) for line in lines),
            "rows": in_turn(ways, lines, options.rounds),
            "published": PUBLISHED,
        }


def megabytes(path):
    files = [path] if path.is_file() else path.rglob("*")
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)


def device_way(file):
    """A function of texts, by the client that needs no TensorFlow, with one thread."""
    from keras_seq2seq.export.on_device.seq2seq_lite import Translator

    return Translator(str(file), num_threads=1).translate_all


def server_way(version, size):
    """A function of texts, by `serving_default` in batches, with one thread."""
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=1, inter_op_parallelism_threads=1
    )
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(version))
    signature = meta.signature_def["serving_default"]
    given, wanted = signature.inputs["text"].name, signature.outputs["text"].name
    run = session.make_callable(session.graph.get_tensor_by_name(wanted), [given])

    def translate(lines):
        return [t for i in range(0, len(lines), size) for t in run(lines[i : i + size])]

    return translate


def in_turn(ways, lines, rounds):
    """A row for each way: the median of words a second, and those of all rounds."""
    words = sum(len(line.split()) for line in lines)
    speeds = {name: [] for name in ways}
    with progress_of("words a second", rounds * len(ways)) as progress:
        for translate in ways.values():
            translate(lines[:: max(1, len(lines) // 32)])  # warm up
        for number in range(rounds):
            for place, (name, translate) in enumerate(ways.items()):
                began = time.perf_counter()
                translate(lines)
                speeds[name].append(round(words / (time.perf_counter() - began), 1))
                progress(number * len(ways) + place + 1)
    return [
        {"what": name, "words_per_s": statistics.median(found), "rounds": found}
        for name, found in speeds.items()
    ]


def print_table(figures):
    lines = ["| one core, text to text | words/s |", "|---|---:|"]
    lines += [f"| {row['what']} | {row['words_per_s']:,.0f} |" for row in figures["rows"]]
    low, high = figures["published"]["words_per_s"]
    lines.append(f"| {figures['published']['what']} | {low:,} to {high:,} |")
    for line in [*lines, "", f"Load at the end: {os.getloadavg()[0]:.1f}."]:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run_script(main)
