"""All benchmarks of speed one after another: one table, one JSON file, one picture.

    python benchmarks/bench.py --out build/bench
    make bench

Training, decoding of a SavedModel, `.tflite` files and start-up, on Multi30k, which
KERAS_SEQ2SEQ_DATA must name (`benchmarks/README.md`). What has another side takes turns with it
(A B A B, medians). Stock Keras layers are always there; `--train-reference` and
`--decode-reference` name other programs, each a command that prints one line of JSON
(`target_tokens_per_s`, `sentences_per_s`), in which {source}, {target}, {model}, {beam} and {batch}
stand for what is measured. Nothing else should run meanwhile; each part is a process of its own,
and one that fails is told in the table.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

VOCABULARY = 8000
STARTS = {
    "import keras_seq2seq": "import keras_seq2seq",
    "first use of a name (Keras, TensorFlow)": "import keras_seq2seq; keras_seq2seq.Seq2Seq",
    "keras-seq2seq --help": "import sys; sys.argv = ['keras-seq2seq', '--help']\n"
    "from keras_seq2seq.cli.app import main\nmain()",
}


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="build/bench", help="directory of the results")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a look: one round, few steps")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--train-reference", help="command to take turns with in training")
    parser.add_argument("--decode-reference", help="command to take turns with in decoding")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = 1
    return options


def corpus(out):
    """Files of Multi30k, and a SentencePiece model of both its sides, learnt once."""
    from real_corpora import multi30k_files

    from keras_seq2seq.data import read_pairs
    from keras_seq2seq.text import SentencePieceTokenizer

    files = {split: spec.split(",") for split, spec in multi30k_files().items()}
    model = out / "pieces.model"
    if not model.is_file():
        pairs = read_pairs(",".join(files["train"]))
        learnt = SentencePieceTokenizer.learn([*pairs.sources, *pairs.targets], VOCABULARY)
        temporary = model.with_suffix(".part")
        temporary.write_bytes(learnt.proto)
        temporary.replace(model)
    return files, model


# === Parts: each a function (options, files, model) -> rows ===


def row(what, unit, ours, theirs=None, peer=None, found=None):
    """A line of the table; `found` has the ratio and its range."""
    found = found or {}
    return {
        "what": what,
        "unit": unit,
        "ours": ours,
        "theirs": theirs,
        "peer": peer,
        "ratio": found.get("ratio"),
        "ratio_range": found.get("ratio_range"),
    }


def training(options, files, model):
    source, target = files["train"]
    steps = 5 if options.quick else 20
    common = ["--source", source, "--target", target, "--model", model]
    stock = [sys.executable, HERE / "stock_keras.py", *common, "--rounds", 1, "--steps", steps]
    peers = {"stock Keras layers": " ".join(map(str, stock))}
    if options.train_reference:
        peers["--train-reference"] = filled(options.train_reference, source, target, model)
    rows = []
    for peer, command in peers.items():
        size = ["--rounds", options.rounds, "--steps", steps]
        found = run("training_speed.py", *common, *size, "--reference", command)
        theirs = found["reference_target_tokens_per_s"]
        speed = found["target_tokens_per_s"]
        rows.append(row("training", "target tokens/s", speed, theirs, peer, found))
    return rows


def decoding(options, files, model):
    source = files["test"][0]
    size = ["--batches", 2 if options.quick else 8, "--rounds", options.rounds]
    asked = ["--batch", 1, 32, "--beams", 1, 4, *size]
    if options.decode_reference:
        command = filled(options.decode_reference, source, files["test"][1], model)
        asked += ["--reference", command]
    found = run("decoding_speed.py", "--source", source, "--model", model, *asked)
    rows = []
    for batch in (1, 32):
        for beam in (1, 4):
            one = found[f"batch_{batch}"][f"beam_{beam}"]
            theirs = one.get("reference_sentences_per_s")
            peer = "--decode-reference" if theirs else None
            what = f"decoding, batch {batch}, beam {beam}"
            rows.append(row(what, "sentences/s", one["sentences_per_s"], theirs, peer, one))
    return rows


def device(options, files, model):
    asked = ["--formats", "none", "int8", "--rounds", options.rounds, "--sentences", 20]
    found = run("device_speed.py", "--source", files["test"][0], "--model", model, *asked)
    names = {"none": "float32", "int8": "int8"}
    rows = []
    for name, shown in names.items():
        one = found[name]
        rows.append(row(f".tflite, {shown}", "ms a sentence of 30 tokens", one["ms"]))
        rows.append(row(f".tflite, {shown}, first call", "ms", one["first_ms"]))
        rows.append(row(f".tflite, {shown}, size", "MB", round(one["bytes"] / 1e6, 2)))
    return rows


def start_up(options, files, model):
    rows = []
    for what, code in STARTS.items():
        seconds = []
        for _ in range(options.rounds):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=ENV)
            seconds.append(time.perf_counter() - began)
        rows.append(row(what, "s", round(statistics.median(seconds), 2)))
    return rows


PARTS = {"training": training, "decoding": decoding, "device": device, "start-up": start_up}
ENV = os.environ | {"PYTHONPATH": str(HERE.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}


def filled(command, source, target, model):
    """A command with the names of files in it; those of searches stay."""
    values = {"{source}": source, "{target}": target, "{model}": str(model)}
    for name, value in values.items():
        command = command.replace(name, value)
    return command


def run(script, *arguments):
    """The figures of a benchmark that is a process of its own; what it says goes on as it comes."""
    command = [sys.executable, HERE / script, *arguments, "--json", "-"]
    done = subprocess.run([str(x) for x in command], stdout=subprocess.PIPE, text=True, env=ENV)
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def processor():
    """The name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


# === What it gives ===


def table(figures):
    """The rows in Markdown."""
    lines = [
        "| what | | ours | other | ratio | of rounds | other is |",
        "|---|---|--:|--:|--:|---|---|",
    ]
    for one in figures["rows"]:
        low, high = one["ratio_range"] or ("", "")
        spread = f"{low:.2f} to {high:.2f}" if one["ratio_range"] else ""
        ratio = "" if one["ratio"] is None else f"**{one['ratio']:.2f}**"
        theirs = "" if one["theirs"] is None else f"{one['theirs']:,g}"
        lines.append(
            f"| {one['what']} | {one['unit']} | {one['ours']:,g} | {theirs} | {ratio} | {spread} "
            f"| {one['peer'] or ''} |"
        )
    lines += [
        f"| {part} | failed: {error} | | | | | |" for part, error in figures["failed"].items()
    ]
    about = f"{figures['processor']}, {figures['cores']} cores, load {figures['load']} at the start"
    return "\n".join([*lines, "", f"{about}; medians of {figures['rounds']} rounds."])


def draw(figures, path):
    """A bar for each ratio; 1 is the other side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [one for one in figures["rows"] if one["ratio"] is not None][::-1]
    if not rows:
        return
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.45 * len(rows)), layout="constrained")
    places = range(len(rows))
    ratios = [one["ratio"] for one in rows]
    ends = [
        [r - one["ratio_range"][0], one["ratio_range"][1] - r]
        for r, one in zip(ratios, rows, strict=True)
    ]
    errors = [[max(0, a) for a, _ in ends], [max(0, b) for _, b in ends]]
    axes.barh(places, ratios, xerr=errors, color="#4878a8", ecolor="#333333", capsize=3)
    axes.axvline(1, color="#333333", linewidth=1)
    axes.set_yticks(places, [f"{one['what']}\nbeside {one['peer']}" for one in rows])
    axes.set_xlabel("times as fast; lines: range of the rounds")
    axes.set_title(figures["processor"])
    figure.savefig(path)
    pyplot.close(figure)


def main(arguments=None):
    options = parse_arguments(arguments)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    load = round(os.getloadavg()[0], 2)
    files, model = corpus(out)
    figures = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": load,
        "rounds": options.rounds,
        "rows": [],
        "failed": {},
    }
    for part in options.parts:
        print(f"=== {part}", file=sys.stderr)
        try:
            figures["rows"] += PARTS[part](options, files, model)
        except (RuntimeError, subprocess.CalledProcessError, ValueError, KeyError) as error:
            figures["failed"][part] = str(error).splitlines()[0]
        (out / "bench.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    (out / "bench.md").write_text(table(figures) + "\n", "utf-8")
    draw(figures, out / "bench.png")
    print(table(figures))
    if figures["failed"]:
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"error: {error}")
