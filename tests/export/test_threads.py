"""One artefact, many threads; and processes. All in programs of their own, which may crash."""

import os
import subprocess
import sys

import keras
import pytest
from contracts import few_at_first

from keras_seq2seq import export

THREADS = """
import sys, threading
import numpy as np
from keras_seq2seq import open_artefact

kind, path = sys.argv[1:]
texts = ["저는 책이 있어요.", "우유", "", "학생이 있어요. 책이 있어요.", "안녕하세요.", "모르는 말"]
searches = {
    "keras": [{}, {"beam_size": 2, "banned_ids": ((9,), (8, 7))}, {"forced_ids": [9]}],
    "served": [{}, {"sampling": True, "seed": 3}],
    "tflite": [{}],
}[kind]
artefact, start = open_artefact(path), threading.Barrier(16)

def work(i):
    rows = texts[i % 6 :] + texts[: i % 6]
    return artefact.generate(rows * 4, batch_size=1 + i % 4, **searches[i % len(searches)])

def wait_and_work(i, found):
    start.wait()
    found[i] = work(i)

turns = []
for turn in ("cold", "warm"):
    found = {}
    threads = [threading.Thread(target=wait_and_work, args=(i, found)) for i in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    turns.append(found)
alone = {i: work(i) for i in range(16)}
for found in turns:
    assert found.keys() == alone.keys(), sorted(found)
    for i, result in found.items():
        assert (result.texts, result.lengths) == (alone[i].texts, alone[i].lengths), i
        np.testing.assert_allclose(result.scores, alone[i].scores, atol=1e-4)
print("equal")
"""

FORK = """
import os, signal, sys
import keras
from keras_seq2seq import ByteTokenizer, Seq2Seq, SequenceCrossentropy, TextSeq2Seq

def make():
    tokenizer = ByteTokenizer()
    size = tokenizer.vocabulary_size
    return TextSeq2Seq(Seq2Seq.from_options(size, size, units=4), tokenizer, tokenizer)

def in_child(work):
    if not os.fork():
        signal.alarm(60)  # a hang is the end of it
        try:
            print("gave", len(work()), flush=True)
        except RuntimeError as error:
            print("refused", error, flush=True)
        os._exit(0)
    print("ended", os.wait()[1], flush=True)

model = make()
model.compile("adam", SequenceCrossentropy())
model.save(sys.argv[1])
for work in (
    lambda: model.generate(["a"]),
    lambda: model.score(["a"], ["b"]),
    lambda: model.fit(["a"], ["b"], verbose=0),
    lambda: model.seq2seq.generate([[5, 3]]),
    lambda: make().generate(["a"]),
    lambda: keras.saving.load_model(sys.argv[1]).generate(["a"]),
):
    in_child(work)
print("gave", len(model.generate(["a", "b"])))
"""


def run(program, *arguments):
    reply = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert reply.returncode == 0, reply.stderr[-2000:]
    return reply.stdout.splitlines()


@pytest.mark.parametrize("kind", few_at_first(1, ["keras", "served", "tflite"]))
def test_sixteen_threads_get_what_one_gets(kind, trained, served, tmp_path):
    path = served if kind == "served" else tmp_path / f"model.{kind}"
    if kind == "keras":
        trained.save(path)
    elif kind == "tflite":
        export.tflite(trained, path, sample=["책"])
    assert run(THREADS, kind, path)[-1] == "equal"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch lives on behind a fork")
def test_a_forked_process_is_told_to_spawn(tmp_path):
    lines = run(FORK, tmp_path / "model.keras")
    refused = [line for line in lines if line.startswith("refused")]
    assert len(refused) == 6 and all("spawn" in line for line in refused)
    assert lines.count("ended 0") == 6 and lines[-1] == "gave 2"
