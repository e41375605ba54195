"""Speed of training by size of the corpus and by number of processes: curves of `scaling.py`."""

import contextlib
import csv
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NETWORK = (
    "model.units={half}",
    "model.embedding_dim=256",
    "model.attention=dot",
    "model.dropout=0",
    "model.lexical_model=false",
    "model.tie_embeddings=false",
    "model.fixed_norm=0",
)
WORKERS_BATCH = 128  # pairs
QUIET = (
    "training.sample_translations=0",
    "training.attention_images=0",
    "training.bleu_sentences=0",
)


def corpus_speed(options, pairs, base):
    """Figures of training on batches from a cache of so many generated pairs."""
    with tempfile.TemporaryDirectory() as directory:
        sizes = {"pairs": pairs, "units": base["units"], "batch": base["batch"], "embed": 256}
        asked = [f"--{name}={value}" for name, value in sizes.items()]
        asked += ["--directory", directory, "--rounds", options.rounds, "--kinds", "cached"]
        asked += ["--batches", 1, "--train-steps", 5 * options.steps, "--threads", options.threads]
        found = json.loads(started("pipeline_scale.py", *asked, "--json", "-")[-1])
    rows = found["train"]["cached"]
    return {
        "target_tokens_per_s": middle(rows, "target_tokens_per_s"),
        "first_batch_s": middle(found["read"]["cached"], "first_batch_s"),
        "peak_mb": max(row["peak_mb"] for row in rows),
    }


def workers_speed(options, workers, base):
    """Figures of `train` in so many processes, each on a core of its own, on this machine.

    They share batches of `WORKERS_BATCH`: twice as many have half of it each.
    """
    with tempfile.TemporaryDirectory() as directory:
        pairs = Path(directory, "pairs")
        started("pipeline_scale.py", "--pairs=4000", "--directory", pairs, "--only-pairs")
        network = [one.format(half=base["units"] // 2) for one in NETWORK]
        settings = [*network, *QUIET, f"data.batch_size={WORKERS_BATCH}", "training.epochs=3"]
        settings += [f"text.vocabulary_size={base['vocabulary']}", "training.optimizer=adam"]
        settings += ["training.distribute=multiworker"] if workers > 1 else []
        train(Path(directory, "run"), pairs / "pairs_0000.tsv.gz", settings, workers)
        with open(Path(directory, "run", "metrics.csv"), newline="") as file:
            rows = list(csv.DictReader(file))[1:]  # the first epoch compiles
    return {"target_tokens_per_s": middle(rows, "tokens_per_s")}


def train(run, pairs, settings, workers):
    """Runs `keras-seq2seq train` in so many processes that share one run."""
    addresses = [f"localhost:{port}" for port in free_ports(workers)]
    children = []
    command = [sys.executable, "-m", "keras_seq2seq", "train", "--run-dir", run, "--train", pairs]
    for setting in settings:
        command += ["--set", setting]
    with contextlib.ExitStack() as files:
        for index in range(workers):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            environ = environment(1) | ({"TF_CONFIG": json.dumps(task)} if workers > 1 else {})
            log = files.enter_context(open(f"{run}.{index}.log", "w"))
            child = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=environ)
            if hasattr(os, "sched_setaffinity"):  # before it starts threads
                cores = sorted(os.sched_getaffinity(0))
                os.sched_setaffinity(child.pid, {cores[index % len(cores)]})
            children.append(child)
        codes = [child.wait() for child in children]
    if any(codes):
        said = Path(f"{run}.0.log").read_text("utf-8").strip().splitlines()
        raise RuntimeError(f"train in {workers} processes ended with {codes}: {said[-1:]}")


def free_ports(count):
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def environment(threads):
    """Of a process with so many threads."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    paths = {"PYTHONPATH": str(HERE.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return os.environ | paths | dict.fromkeys(names, str(threads))


def started(script, *arguments):
    """What a benchmark that is a process of its own says, line by line."""
    asked = [sys.executable, HERE / script, *arguments]
    done = subprocess.run([str(x) for x in asked], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}")
    return done.stdout.strip().splitlines()


def middle(rows, name):
    return round(statistics.median(float(row[name]) for row in rows), 1)
