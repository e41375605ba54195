"""All benchmarks of speed one after another: one table, one JSON file, one picture.

    python benchmarks/bench.py --out build/bench
    make bench

Training, decoding of a SavedModel, `.tflite` files, words a second of a finished run (`--run`),
the input pipeline (generated pairs from a cache beside pairs in memory) and start-up, on Multi30k,
which KERAS_SEQ2SEQ_DATA must name (`benchmarks/README.md`). What has another side takes turns with
it (A B A B, medians). Stock Keras layers are always there; `--peers DIR` adds the programs that
have an environment in DIR, see `benchmarks/peers/README.md`. `--train-reference` and
`--decode-reference` name further ones, each a command that prints one line of JSON
(`target_tokens_per_s`, `sentences_per_s`), in which {source}, {target}, {model}, {threads}, {beam}
and {batch} stand for what is measured. Nothing else should run meanwhile; each part is a process of
its own, and one that fails is told in the table.
"""

import argparse
import itertools
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench_table import draw, processor, row, table

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

VOCABULARY = 8000
PEERS = {  # folder of the environment: name, and the parts that it takes part in
    "opennmt_tf": ("OpenNMT-tf", ("train", "decode")),
    "joeynmt": ("JoeyNMT", ("train", "decode")),
    "yoyodyne": ("Yoyodyne", ("train",)),  # its beam search is too slow to wait for
    "ctranslate2": ("CTranslate2, Transformer in int8", ("decode", "device")),
}
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
    parser.add_argument("--parts", nargs="+", choices=PARTS)
    parser.add_argument("--threads", type=int, default=2, help="of training and decoding")
    parser.add_argument("--peers", metavar="DIR", help="environments of other programs")
    parser.add_argument("--run", help="finished run of Multi30k, for words a second")
    parser.add_argument("--train-reference", help="command to take turns with in training")
    parser.add_argument("--decode-reference", help="command to take turns with in decoding")
    parser.add_argument("--reference-name", default="the reference", help="of both, in the table")
    options = parser.parse_args(arguments)
    for name in ("rounds", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: at least 1 is expected")
    if options.quick:
        options.rounds = 1
    options.parts = options.parts or [part for part in PARTS if part != "words" or options.run]
    if "words" in options.parts and not options.run:
        parser.error("--parts words needs --run, the directory of a finished run")
    if options.peers and not any(peers(options, part) for part in ("train", "decode")):
        wanted = ", ".join(f"{name}/bin/python" for name in PEERS)
        parser.error(f"--peers {options.peers}: no environment there; expected any of {wanted}")
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


def training(options, files, model):
    source, target = files["train"]
    steps = 5 if options.quick else 20
    common = ["--source", source, "--target", target, "--model", model]
    common += ["--threads", options.threads, "--steps", steps]
    others = {"stock Keras layers": command(sys.executable, HERE / "stock_keras.py", *common)}
    others["stock Keras layers"] += " --rounds 1"
    for name, started in peers(options, "train").items():
        others[name] = command(*started, "train", *common)
    if options.train_reference:
        reference = filled(options.train_reference, options, files["train"], model)
        others[options.reference_name] = reference
    rows = []
    for other, reference in others.items():
        asked = ["--rounds", options.rounds, "--reference", reference]
        found = attempt(options, f"training beside {other}", "training_speed.py", *common, *asked)
        if not found:
            continue
        theirs = found["reference_target_tokens_per_s"]
        speed = found["target_tokens_per_s"]
        rows.append(row("training", "target tokens/s", speed, theirs, other, found))
    return rows


def decoding(options, files, model):
    batches = 2 if options.quick else 8
    common = ["--source", files["test"][0], "--model", model, "--batches", batches]
    common += ["--threads", options.threads]
    asked = ["--batch", 1, 32, "--beams", 1, 4, "--rounds", options.rounds, "--shortlist"]
    others = {
        name: command(*started, "decode", *common) + " --batch {batch} --beam {beam}"
        for name, started in peers(options, "decode").items()
    }
    if options.decode_reference:
        reference = filled(options.decode_reference, options, files["test"], model)
        others[options.reference_name] = reference
    rows = []
    for other, reference in (others or {None: None}).items():
        in_turn = ["--reference", reference] if reference else []
        what = f"decoding beside {other}" if other else "decoding"
        found = attempt(options, what, "decoding_speed.py", *common, *asked, *in_turn)
        for batch, beam in itertools.product((1, 32), (1, 4)) if found else ():
            for search, shown in (("", ""), ("_listed", ", shortlist")):
                one = found[f"batch_{batch}"][f"beam_{beam}{search}"]
                what = f"decoding, batch {batch}, beam {beam}{shown}"
                theirs, ours = one.get("reference_sentences_per_s"), one["sentences_per_s"]
                rows.append(row(what, "sentences/s", ours, theirs, other, one))
    return rows


def device(options, files, model):
    """Files on one thread; CTranslate2, if it is there, translates the same sentences in turn."""
    common = ["--source", files["test"][0], "--model", model]
    asked = ["--formats", "none", "int8", "--rounds", options.rounds, "--sentences", 20]
    other, started = next(iter(peers(options, "device").items()), (None, None))
    if started:
        size = ["--batch", 1, "--batches", 20, "--threads", 1]
        asked += ["--reference", command(*started, "decode", *common, *size)]
    found = run("device_speed.py", *common, *asked)
    rows = []
    for one in found["variants"]:
        shown = {"none": "float32"}.get(one["format"], one["format"])
        ratio = one.get("reference_ratio")
        compared = {"ratio": ratio, "ratio_range": one.get("reference_ratio_range")}
        what, theirs = f".tflite, {shown}", found.get("reference_ms")
        rows += [
            row(what, "ms a sentence of 30 tokens", one["ms"], theirs, other, compared),
            row(f"{what}, first call", "ms", one["first_call_ms"]),
            row(f"{what}, size", "MB", round(one["bytes"] / 1e6, 2)),
        ]
    return rows


def words(options, files, model):
    """Words a second of a trained model on one core, beside a published figure."""
    asked = ["--source", files["test"][0], "--rounds", options.rounds]
    found = run("words_per_second.py", options.run, *asked)
    low, high = found["published"]["words_per_s"]
    published = f"{found['published']['what']}: {low:,} to {high:,}"
    return [
        row(f"one core, {one['what']}", "words/s", one["words_per_s"], None, published)
        for one in found["rows"]
    ]


def pipeline(options, files, model):
    """Batches and steps of training from a cache, beside the same pairs in memory."""
    pairs = 20_000 if options.quick else 200_000
    asked = [f"--pairs={pairs}", f"--memory-pairs={pairs}", "--train-steps=100"]
    asked += ["--rounds", options.rounds, "--threads", options.threads]
    found = run("pipeline_scale.py", "--directory", Path(options.out, f"pairs_{pairs}"), *asked)
    rows = []
    for part, shown in {"read": "reading batches", "train": "training"}.items():
        speeds = [
            statistics.median(one["target_tokens_per_s"] for one in found[part][kind])
            for kind in ("cached", "memory")
        ]
        what = f"{shown}, {pairs:,} pairs from a cache"
        compared = "the same pairs in memory", found[f"{part}_ratio"]
        rows.append(row(what, "target tokens/s", *map(round, speeds), *compared))
    first = statistics.median(one["first_batch_s"] for one in found["read"]["cached"])
    peak = max(one["peak_mb"] for one in found["read"]["cached"])
    rows.append(row("first batch from the cache", "s", round(first, 2)))
    rows.append(row("reading from the cache, peak memory", "MB", round(peak)))
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


PARTS = {
    "training": training,
    "decoding": decoding,
    "device": device,
    "words": words,
    "pipeline": pipeline,
    "start-up": start_up,
}
ENV = os.environ | {"PYTHONPATH": str(HERE.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}


def peers(options, part):
    """Name -> how it is started, of all programs that have an environment and take part."""
    found = {}
    for folder, (name, parts) in PEERS.items() if options.peers else ():
        python = Path(options.peers, folder, "bin", "python")
        if part in parts and python.exists():
            found[name] = [python.absolute(), HERE / "peers" / f"{folder}_speed.py"]
    return found


def command(*words):
    return shlex.join(map(str, words))


def filled(reference, options, files, model):
    """A command with the names of files in it; those of searches stay."""
    values = {"{source}": files[0], "{target}": files[1], "{model}": str(model)}
    values["{threads}"] = str(options.threads)
    for name, value in values.items():
        reference = reference.replace(name, value)
    return reference


def run(script, *arguments):
    """The figures of a benchmark that is a process of its own; what it says goes on as it comes."""
    asked = [sys.executable, HERE / script, *arguments, "--json", "-"]
    done = subprocess.run([str(x) for x in asked], stdout=subprocess.PIPE, text=True, env=ENV)
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def attempt(options, what, script, *arguments):
    """Figures as of `run`, or `None` and a line of failure: one side less costs no other."""
    try:
        return run(script, *arguments)
    except RuntimeError as error:
        options.failed[what] = str(error)
        return None


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
    options.failed = figures["failed"]
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
    print(f"Written: {out}/bench.md, bench.json and bench.png.", file=sys.stderr)
    if figures["failed"]:
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"error: {error}")
