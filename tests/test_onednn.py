"""oneDNN is turned on where TensorFlow would not and the user has not said otherwise."""

import os
import subprocess
import sys

import pytest

from keras_seq2seq.onednn import SWITCH, prefer_onednn

CPUS = {
    "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma\nvmx flags\t: x\n": "1",
    "flags\t\t: fpu avx2 avx512f avx512bw\n": "1",
    "flags\t\t: fpu avx2 avx512f avx512_vnni\n": None,
    "flags\t\t: fpu avx2 avx_vnni\n": None,
    "flags\t\t: fpu sse2 avx\n": None,
    "Features\t: fp asimd\n": None,  # ARM
    "": None,
}


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    monkeypatch.setenv(SWITCH, "x")  # so that it is put back afterwards
    monkeypatch.delenv(SWITCH)


@pytest.mark.parametrize("text", CPUS)
def test_it_depends_on_the_processor(text, tmp_path):
    (tmp_path / "cpuinfo").write_text(text)
    prefer_onednn(tmp_path / "cpuinfo")
    assert os.environ.get(SWITCH) == CPUS[text]


@pytest.mark.parametrize("said", ["0", "1", ""])
def test_what_the_user_said_stays(said, tmp_path, monkeypatch):
    monkeypatch.setenv(SWITCH, said)
    (tmp_path / "cpuinfo").write_text(next(iter(CPUS)))
    prefer_onednn(tmp_path / "cpuinfo")
    assert os.environ[SWITCH] == said


def test_without_such_a_file_nothing_is_done(tmp_path):
    prefer_onednn(tmp_path / "nothing")
    prefer_onednn(tmp_path)
    assert SWITCH not in os.environ


PROGRAM = """
import sys
from keras_seq2seq.cli import app, quickstart_command, train_command

def prefer_onednn():
    print("tensorflow" in sys.modules)
    raise SystemExit(7)

train_command.prefer_onednn = quickstart_command.prefer_onednn = prefer_onednn
app.main()
"""


@pytest.mark.parametrize("command", ["train", "quickstart"])
def test_what_trains_asks_for_it_before_tensorflow_is_there(command):
    said = subprocess.run([sys.executable, "-c", PROGRAM, command], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (7, "False\n"), said.stderr
