"""Does a `.tflite` file translate alike wherever it runs?

    python benchmarks/every_runtime.py model.tflite --source test.en --run runs/en_de

All lines are translated by the client in Python (ai-edge-litert), by Keras if `--run` names the run
that the file was exported from, by the C client, on an emulated ARM Cortex-A76, and by the
JavaScript client in Node and in headless Chromium. How many lines differ from Python's in their
ids is printed for each. Of a `.tsv` the first column is taken, or that of `--column`.

`--packages` names a folder in which `npm ci` has installed what export/web asks for, as `make web`
does it. `--only` chooses among the runtimes; what is missing here is skipped and named.
`--first-token` measures instead how long the first token of a stream takes beside `encode`, each
sentence in turn. `--json FILE` writes one line of JSON, to standard output if FILE is `-`.
"""

import argparse
import contextlib
import os
import pathlib
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "runtimes"))

from device_runtimes import CHUNK, Missing, in_c, in_chromium, in_node
from reference_run import give_line

RUNTIMES = ("keras", "c", "node", "chromium", "arm")
WARM = 40  # sentences before any is timed


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=pathlib.Path, help="a .tflite file, its manifest beside it")
    parser.add_argument("--source", required=True, type=pathlib.Path, help="a sentence a line")
    parser.add_argument("--column", type=int, default=1, help="of a .tsv, from 1")
    parser.add_argument("--lines", type=int, help="the first so many alone")
    parser.add_argument("--run", help="the run that the file was exported from, for Keras")
    parser.add_argument("--packages", default="build/web-packages", help="has node_modules")
    parser.add_argument("--only", nargs="+", choices=RUNTIMES, default=RUNTIMES)
    parser.add_argument("--first-token", action="store_true", help="measure streaming")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures; - is stdout")
    return parser.parse_args(arguments)


def read_sources(options):
    lines = options.source.read_text("utf-8").split("\n")
    if options.source.suffix == ".tsv" or options.column > 1:
        lines = [line.split("\t")[options.column - 1] for line in lines if line.strip()]
    lines = lines[:-1] if lines and not lines[-1] else lines
    return lines[: options.lines]


def main(arguments=None):
    options = parse_arguments(arguments)
    sources = read_sources(options)
    from keras_seq2seq.export.on_device.seq2seq_lite import Translator

    translator = Translator(options.file)
    measure = first_tokens if options.first_token else differences
    give_line(measure(options, translator, sources), options.json)


# === Tokens ===


def differences(options, translator, sources):
    """For each runtime how many lines differ from the Python client's, or what it needs."""
    say(f"python: {len(sources):,} lines")
    expected = [one.ids for one in translator.translate_all(shown(sources, "python"))]
    figures = {"file": options.file.name, "lines": len(sources)}
    for name in options.only:
        if name == "keras" and not options.run:
            continue
        try:
            found = OF_RUNTIME[name](options, translator, sources)
        except Missing as missing:
            figures[name] = f"needs {missing}"
        else:
            pairs = zip(found, expected, strict=True)
            differ = [n for n, (ids, others) in enumerate(pairs, 1) if list(ids) != others]
            figures[name] = len(differ)
            if differ:
                figures[f"{name}_lines"] = differ[:20]
        say(f"{name}: {figures[name]}")
    return figures


def in_keras(options, translator, sources):
    import numpy as np

    from keras_seq2seq import SearchOptions
    from keras_seq2seq.export.open_artefact import open_artefact
    from keras_seq2seq.text.framing import encode_source_python
    from keras_seq2seq.text_models.text_generation import search_all

    model = open_artefact(pathlib.Path(options.run, "model.keras")).model
    limit, tokenizer = model.max_source_length, model.source_tokenizer
    rows = [encode_source_python(tokenizer, source, limit) for source in sources]
    search = SearchOptions().for_batch(len(rows))
    ids = np.array(rows, "int32")
    found = search_all(model.seq2seq, ids, search, model.max_target_length, 32)
    return [
        row[:length].tolist()
        for row, length in zip(found.ids[:, 0], found.length[:, 0], strict=True)
    ]


def by_the_c_client(arm):
    def run(options, translator, sources):
        lines = [" ".join(map(str, translator.tokenize(source))) for source in sources]
        with in_c(options.file, arm) as ask:
            parts = (ask(part) for part in chunks(lines, "arm" if arm else "c"))
            return [list(map(int, line.split())) for part in parts for line in part]

    return run


def by_javascript(runtime, name):
    def run(options, translator, sources):
        with runtime(options.file, options.packages) as ask:
            size = CHUNK if runtime is in_chromium else 10 * CHUNK
            parts = (ask(texts=part)["texts"] for part in chunks(sources, name, size))
            return [ids for part in parts for ids in part]

    return run


OF_RUNTIME = {
    "keras": in_keras,
    "c": by_the_c_client(arm=False),
    "arm": by_the_c_client(arm=True),
    "node": by_javascript(in_node, "node"),
    "chromium": by_javascript(in_chromium, "chromium"),
}


# === The first token ===


def first_tokens(options, translator, sources):
    """Medians in milliseconds and their ratio; in Python of CPU time, too."""
    sources = sources[: options.lines or 240]
    pairs = {"python": timed_in_python(translator, sources, time.perf_counter)}
    pairs["python_cpu"] = timed_in_python(translator, sources, time.thread_time)
    for name, runtime in (("node", in_node), ("chromium", in_chromium)):
        if name in options.only:
            with contextlib.suppress(Missing), runtime(options.file, options.packages) as ask:
                pairs[name] = ask(timed=sources)[WARM:]
    figures = {"file": options.file.name}
    for name, found in pairs.items():
        encode, first = (statistics.median(times) for times in zip(*found, strict=True))
        figures[name] = {"encode": round(encode, 3), "first_token": round(first, 3)}
        figures[name] |= {"ratio": round(first / encode, 3), "sentences": len(found)}
        say(f"{name}: {figures[name]}")
    return figures


def timed_in_python(translator, sources, clock):
    import numpy as np

    found = []
    for source in sources:
        ids = translator.tokenize(source)
        row = np.zeros([1, translator.manifest["max_source_length"]], "int32")
        row[0, : len(ids)] = ids
        began = clock()
        translator.run("encode", ids=row)
        encode = clock() - began
        began = clock()
        stream = translator.stream(source)
        if next(stream, None):
            found.append((1e3 * encode, 1e3 * (clock() - began)))
        for _ in stream:
            pass
    return found[WARM:]


# === The terminal ===


def chunks(items, name, size=CHUNK):
    for start in range(0, len(items), size):
        say(f"{name}: {start:,} of {len(items):,}")
        yield items[start : start + size]


def shown(items, name):
    for part in chunks(items, name, 10 * CHUNK):
        yield from part


def say(words):
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
