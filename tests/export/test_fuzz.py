"""Damaged files of every kind are read as the whole ones are, or refused with a clear error."""

import collections
import io
import json
import pathlib
import random
import select
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hostile_files import rewrite

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.text import CharacterTokenizer
from keras_seq2seq.training import RunConfig
from keras_seq2seq.training.configuration.config_file import commented_toml
from keras_seq2seq.training.recovery.checkpoint import Checkpoint

WORKER = pathlib.Path(__file__).with_name("fuzz_worker.py")
FILES, SECONDS = 500, 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One whole file of each kind, by name: the path to open, and the files to damage."""
    folder = tmp_path_factory.mktemp("whole")
    source, target = (CharacterTokenizer.learn([text], 50) for text in ("abcdef ", "ghijkl "))
    size = source.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, lexical_model=False)
    model = TextSeq2Seq(seq2seq, source, target, max_source_length=12, max_target_length=8)
    model.save(folder / "model.keras")
    lite = export.tflite(model, folder / "model.tflite")
    version = export.saved_model(model, folder / "served", beam_size=1)
    (folder / "vocabulary").mkdir()
    source.save_assets(folder / "vocabulary")
    config = json.dumps(source.get_config())
    (folder / "vocabulary" / "tokenizer.json").write_text(config, "utf-8")
    arrays = {f"array_{i}": np.arange(40.0) * i for i in range(8)}
    Checkpoint(arrays, {"epoch": 1, "batch": 2}).write(folder / "x.ckpt")
    (folder / "config.toml").write_text(commented_toml(RunConfig()), "utf-8")
    return {
        "keras": (folder / "model.keras", ["model.keras"]),
        "inside": (folder / "model.keras", ["model.keras"]),
        "tflite": (lite, ["model.tflite"]),
        "manifest": (lite, ["model.tflite.json"]),
        "saved_model": (
            version,
            [p.relative_to(folder).as_posix() for p in version.rglob("*") if p.is_file()],
        ),
        "vocabulary": (folder / "vocabulary" / "vocabulary.txt", ["vocabulary/vocabulary.txt"]),
        "checkpoint": (folder / "x.ckpt", ["x.ckpt"]),
        "config": (folder / "config.toml", ["config.toml"]),
    }


def damaged(content, draw):
    """The bytes after one mishap of those that happen to files."""
    content = bytearray(content)
    kind = draw.choice(["bit", "bit", "bits", "byte", "cut", "zeros", "twice", "gone", "noise"])
    place = draw.randrange(len(content))
    end = min(len(content), place + draw.randrange(1, 64))
    if kind == "bit":
        content[place] ^= 1 << draw.randrange(8)
    elif kind == "bits":
        for _ in range(8):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif kind == "byte":
        content[place] = draw.randrange(256)
    elif kind == "cut":
        del content[place:]
    elif kind == "zeros":
        content[place:end] = bytes(end - place)
    elif kind == "twice":
        content[place:place] = content[place:end]
    elif kind == "gone":
        del content[place:end]
    else:
        content[place:end] = draw.randbytes(end - place)
    return bytes(content)


def inside(content, draw):
    """A zip archive whose checksums are right, with one of its files damaged."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = draw.choice(archive.namelist())
    buffer = io.BytesIO()
    rewrite(io.BytesIO(content), buffer, {name: lambda member: damaged(member, draw)})
    return buffer.getvalue()


class Worker:
    """A process that opens files; a new one where it died or hung."""

    def __init__(self, kind, path):
        self.command = [sys.executable, str(WORKER), kind, str(path)]
        self.process = None

    def ask(self, path):
        if self.process is None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert self.process.stdout.readline() == "ready\n"
        print(path, file=self.process.stdin, flush=True)
        if not select.select([self.process.stdout], [], [], 3 * SECONDS)[0]:
            return self._end("hung")
        line = self.process.stdout.readline()
        return json.loads(line) if line else self._end("died")

    def _end(self, what):
        self.process.kill()
        code = self.process.wait()
        self.process = None
        return what, f"exit code {code}", 0.0

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        *("keras", "inside", "tflite", "manifest", "saved_model"),
        *("vocabulary", "checkpoint", "config"),
    ],
)
def test_damaged_files(kind, whole, tmp_path):
    path, names = whole[kind]
    root = path if kind == "saved_model" else path.parent
    folder = root.parent.parent if kind == "saved_model" else root
    folder = folder.parent if kind == "vocabulary" else folder
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    draw, worker = random.Random(kind), Worker(kind, path)
    found, wrong = collections.Counter(), []
    try:
        for _ in range(FILES):
            name = draw.choice(names)
            content = (folder / name).read_bytes()
            changed = inside(content, draw) if kind == "inside" else damaged(content, draw)
            (copy / name).write_bytes(changed)
            result, message, seconds = worker.ask(copy / path.relative_to(folder))
            (copy / name).write_bytes(content)
            found[result] += 1
            # A number in a file that is written by hand may be another number.
            fine = {"same", "refused"} | ({"other"} if kind == "config" else set())
            if result not in fine or seconds > SECONDS or (changed == content) > (result == "same"):
                wrong.append((name, result, message, seconds))
    finally:
        worker.close()
    assert not wrong, (found, wrong[:10])
    assert found["refused"] > FILES / 4  # the damage is real
