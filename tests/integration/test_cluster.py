"""Bulk translation of `export/cluster`: the lines and the results of `keras-seq2seq generate`."""

import ast
import csv
import gzip
import importlib.util
import io
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from learnt_pairs import PAIRS

from keras_seq2seq import Phrasebook
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.line_stream import LineStream
from keras_seq2seq.export import open_artefact

FOLDER = pathlib.Path(__file__).parents[2] / "export" / "cluster"
SOURCES = [source for source, _ in PAIRS]
LINES = [
    *SOURCES,
    "",
    " ",
    "저는\u2028학생이에요.",
    "\x0c책이",
    "\u3000",
    "가" * 90,
    "",
    *SOURCES[::-1],
]


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


text_lines = load("text_lines")
served_text_model = load("served_text_model")


def test_nothing_of_the_package_is_needed():
    for path in FOLDER.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        names = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
        names += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
        assert not [name for name in names if name.startswith(("keras_seq2seq", "keras"))], path


# === Lines ===


def ours(data):
    lines = list(text_lines.read_lines(["a"], lambda path: io.BytesIO(data)))
    assert [line.id for line in lines] == list(range(len(lines)))
    return [line.source for line in lines]


@given(
    st.lists(
        st.sampled_from(
            [
                b"a",
                b"\xea\xb0\x80",
                b"\n",
                b"\r",
                b"\r\n",
                b" ",
                b"\0",
                b"\xff",
                b"\xef\xbb\xbf",
                b"\xe2\x80\xa8",
                b"\xc2\x85",
                b"\x0c",
            ]
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_lines_are_those_of_generate(pieces, packed):
    data = b"".join(pieces)
    data = gzip.compress(data) if packed else data
    try:
        expected = list(itertools.chain(*LineStream(io.BytesIO(data), "a", window=3)))
    except CorpusError:
        with pytest.raises(text_lines.TextError, match="^a[, ]"):
            ours(data)
        return
    assert ours(data) == expected


def test_lines_are_numbered_through_all_files(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"1\r\n\n3")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"4\n"))
    paths = text_lines.find_files([str(tmp_path / "b*"), str(tmp_path / "*.gz")])
    lines = list(text_lines.read_lines(paths))
    assert [(x.id, pathlib.Path(x.file).name, x.line, x.source) for x in lines] == [
        (0, "b.txt", 1, "1"), (1, "b.txt", 2, ""), (2, "b.txt", 3, "3"), (3, "a.txt.gz", 1, "4")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("missing", None, "no file"),
        ("folder", "folder", "directory"),
        ("empty", b"", "empty"),
        ("plain.gz", b"text\n", "not gzip"),
        ("torn.gz", gzip.compress(b"text\n", mtime=0)[:12], "broken gzip"),
        ("latin", b"caf\xe9\n", "line 1: byte 4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_wrong_files_are_told_at_once(tmp_path, name, data, message):
    path = tmp_path / name
    if data == "folder":
        path.mkdir()
    elif data is not None:
        path.write_bytes(data)
    with pytest.raises(text_lines.TextError, match=message):
        text_lines.find_files([str(path)])


# === The model ===


def test_results_are_those_of_the_artefact(served):
    model = served_text_model.ServedTextModel(served_text_model.find_version(str(served)))
    expected = open_artefact(served).generate(LINES)
    for model.batch_size in (1, 5, 32):
        found = model(LINES)
        assert found["text"] == expected.texts
        assert found["length"] == expected.lengths
        assert found["score"] == pytest.approx(expected.scores, abs=1e-3)


@pytest.mark.slow
def test_beam_gives_the_best_result(served):
    model = served_text_model.ServedTextModel(
        served_text_model.find_version(str(served)), "beam", batch_size=8
    )
    expected = open_artefact(served).generate(LINES, beam_size=4, num_return=4)
    assert model(LINES)["text"] == expected.texts


@pytest.fixture(scope="module")
def fragile(tmp_path_factory):
    """A SavedModel in capitals that fails on "bad" and knows no score of "odd"."""

    class Capitals(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def serve(self, text):
            tf.debugging.Assert(~tf.reduce_any(text == "bad"), ["a bad text"])
            return {
                "text": tf.strings.upper(text),
                "score": tf.where(text == "odd", float("nan"), 0.0),
            }

    path = tmp_path_factory.mktemp("fragile") / "1"
    module = Capitals()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


def test_other_signatures_and_paths_are_refused(fragile, tmp_path):
    with pytest.raises(served_text_model.ModelError, match="'beam'.*serving_default"):
        served_text_model.ServedTextModel(str(fragile), "beam")
    with pytest.raises(served_text_model.ModelError, match="does not exist"):
        served_text_model.find_version(str(tmp_path / "nothing"))
    with pytest.raises(served_text_model.ModelError, match=r"no saved_model\.pb"):
        served_text_model.find_version(str(tmp_path))


@pytest.mark.parametrize("culprit", ["bad", "odd"])
def test_the_text_that_fails_is_named(fragile, culprit):
    model = served_text_model.ServedTextModel(str(fragile), batch_size=8)
    assert model(["a", "b"])["text"] == ["A", "B"]
    with pytest.raises(served_text_model.BatchError, match=f"fails on '{culprit}'"):
        model(["a", "b", culprit, "c", "d"])


# === The commands, each in its own environment ===


def python_of(kind):
    """The interpreter that has Ray or Beam; for "ray-train" this package's needs, too."""
    variable = f"KERAS_SEQ2SEQ_{kind.upper().replace('-', '_')}_PYTHON"
    python = os.environ.get(variable)
    if not python:
        pytest.skip(
            f"set {variable} to the Python of a virtual environment with: "
            f"pip install -r export/cluster/requirements-{kind}.txt"
        )
    return python


SCRIPTS = {"ray": "ray_data.py", "beam": "beam.py"}
TWO_WORKERS = {
    "ray": ("--actors", "2"),
    "beam": ("--direct_num_workers", "2", "--direct_running_mode", "multi_processing"),
}
both = pytest.mark.parametrize("kind", sorted(SCRIPTS))


def run(kind, *arguments, home):
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "RAY_ADDRESS")}
    return subprocess.run(
        [python_of(kind), FOLDER / SCRIPTS[kind], *arguments],
        env={**environment, "HOME": str(home), "RAY_AUTH_MODE": "disabled"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.slow
@both
def test_files_are_translated_in_order(kind, served, tmp_path):
    many = LINES * 200  # several windows
    (tmp_path / "a.in").write_bytes("\r\n".join(many).encode() + b"\r\n")
    (tmp_path / "b.gz").write_bytes(gzip.compress("\n".join(LINES).encode()))
    files = [str(tmp_path / "*.in"), str(tmp_path / "b.gz")]
    asked = (str(served), *files, "--output")
    expected = open_artefact(served).generate(LINES).texts * 201

    done = run(kind, *asked, "out.txt", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.txt").read_bytes().decode().split("\n") == [*expected, ""]

    done = run(kind, *asked, "out.parquet", *TWO_WORKERS[kind], home=tmp_path)
    assert done.returncode == 0, done.stderr
    code = "import json, sys, pyarrow.parquet as p; t = p.read_table(sys.argv[1])"
    code += "; print(json.dumps(t.to_pylist()))"
    table = subprocess.run(
        [python_of(kind), "-c", code, tmp_path / "out.parquet"], capture_output=True, check=True
    )
    rows = sorted(json.loads(table.stdout), key=lambda row: row["id"])
    assert [row["text"] for row in rows] == expected
    assert [row["source"] for row in rows] == many + LINES
    places = [("a.in", n + 1) for n in range(len(many))] + [
        ("b.gz", n + 1) for n in range(len(LINES))
    ]
    assert [(pathlib.Path(row["file"]).name, row["line"]) for row in rows] == places
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.slow
@both
def test_what_fails_on_a_worker_is_told(kind, fragile, tmp_path):
    (tmp_path / "late.txt").write_bytes(b"one\ntwo\nx\xff\n")
    done = run(kind, str(fragile), "late.txt", "--output", "out.txt", home=tmp_path)
    assert done.returncode == 1
    assert "line 3: byte 2 of the line (0xff) is not UTF-8" in done.stderr

    (tmp_path / "bad.txt").write_bytes(b"one\nbad\nthree\n")
    done = run(kind, str(fragile), "bad.txt", "--output", "out.txt", home=tmp_path)
    assert done.returncode == 1
    assert "the model fails on 'bad'" in done.stderr
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.slow
@both
def test_what_is_wrong_is_told_before_the_work(kind, fragile, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\n")
    for arguments, message in [
        ((str(tmp_path / "no"), "a.txt", "--output", "out.txt"), "does not exist"),
        ((str(fragile), "*.tsv", "--output", "out.txt"), "no file *.tsv"),
        ((str(fragile), "*.txt", "--output", "a.txt"), "among the files to translate"),
        ((str(fragile), "a.txt", "--output", "no/out.txt"), "no such directory"),
        ((str(fragile), "a.txt", "--output", "a.txt", "--batch-size", "0"), "'0' is not a number"),
    ]:
        done = run(kind, *arguments, home=tmp_path)
        assert done.returncode in (1, 2), done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr


# === Training ===


@pytest.fixture
def ray_train(tmp_path):
    """Gives the start of commands, what a run reads, and what their processes need."""
    pairs = Phrasebook(size=5000).split("train")
    for name, part in (("train", pairs[:179]), ("valid", pairs[179:210])):
        lines = "".join(f"{source}\t{target}\n" for source, target in part)
        (tmp_path / f"{name}.tsv").write_text(lines, "utf-8")
    keys = {"model.units": 8, "model.embedding_dim": 8, "model.dropout": 0, "training.epochs": 3}
    keys |= {"text.tokenizer": "character", "data.batch_size": 32, "training.bleu_sentences": 2}
    keys |= {"training.checkpoint_steps": 1, "training.sample_translations": 0}
    asked = ["--train", "train.tsv", "--valid", "valid.tsv"]
    asked += [f"--set={key}={value}" for key, value in keys.items()]
    environ = {k: v for k, v in os.environ.items() if k not in ("RAY_ADDRESS", "TF_CONFIG")}
    environ |= {
        "HOME": str(tmp_path),
        "PYTHONPATH": str(FOLDER.parents[1]),
        "RAY_AUTH_MODE": "disabled",
        "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "600",
    }
    command = [python_of("ray-train"), FOLDER / "ray_train.py", "--run-dir", "two"]
    command += ["--ray-storage", tmp_path / "ray", "--workers", "2"]
    return command, asked, {"env": environ, "cwd": tmp_path}


@pytest.mark.slow
def test_ray_starts_two_workers_and_again_where_one_dies(tmp_path, ray_train):
    command, asked, shared = ray_train
    with open(tmp_path / "log", "w") as log:
        child = subprocess.Popen([*command, *asked], stdout=log, stderr=log, **shared)
    try:
        killed = kill_a_worker(tmp_path, child)
        assert child.wait(timeout=1500) == 0, (tmp_path / "log").read_text()[-5000:]
    finally:
        child.terminate()
        child.wait(timeout=60)
    said = (tmp_path / "log").read_text()
    assert "Resuming at epoch" in said[said.index("[FailurePolicy] RETRY") :]
    assert said.splitlines()[-1] == str(tmp_path / "two" / "model.keras")
    assert str(killed) in said

    python = command[0]
    alone = [python, "-m", "keras_seq2seq", "train", "--run-dir", "one", *asked]
    subprocess.run(alone, check=True, capture_output=True, timeout=900, **shared)
    curves = []
    for name in ("one", "two"):
        with open(tmp_path / name / "metrics.csv", newline="") as file:
            curves.append(list(csv.DictReader(file)))
    assert len(curves[0]) == 3
    for ours, theirs in zip(*curves, strict=True):
        for column in ours.keys() - {"tokens_per_s"}:
            assert float(ours[column]) == pytest.approx(float(theirs[column]), rel=1e-4), column


def kill_a_worker(folder, child):
    """SIGKILLs the worker that is not the chief when there is a checkpoint; gives its process."""
    deadline = time.monotonic() + 1500
    while not list((folder / "two").glob("checkpoints/*")):
        assert child.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)
    pids = re.findall(r"pid=(\d+)\) world_rank=1", (folder / "log").read_text())
    os.kill(int(pids[-1]), signal.SIGKILL)
    return int(pids[-1])


@pytest.mark.slow
def test_what_ray_cannot_mend_ends_at_once(tmp_path, ray_train):
    command, asked, shared = ray_train
    for wrong, message in (
        (["--set", "training.epoch=3"], "Did you mean training.epochs?"),
        (["--train", "other.tsv"], "other.tsv"),
    ):
        done = subprocess.run(
            [*command, *asked, *wrong], capture_output=True, text=True, timeout=900, **shared
        )
        assert done.returncode == 1
        assert message in done.stderr and "RETRY" not in done.stderr
        assert "ended with 2" in done.stderr  # lines of workers may come behind it
