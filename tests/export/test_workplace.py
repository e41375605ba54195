"""Exports that are broken off: nothing is left, and what was there can be used."""

import json
import resource
import signal
import subprocess
import sys
import time

import pytest
from contracts import Killed, kill_before_rename
from learnt_pairs import PAIRS

from keras_seq2seq import export, open_artefact
from keras_seq2seq.export import manifest as manifests
from keras_seq2seq.export.workplace import locked, workplace

SOURCES = [source for source, _ in PAIRS]


def leftovers(directory):
    return sorted(path.name for path in directory.iterdir() if path.name.startswith("."))


HOLDS = """
import pathlib, sys, time
from keras_seq2seq.export.workplace import workplace
parent = pathlib.Path(sys.argv[1])
with workplace(parent / "model.tflite", parent) as directory:
    (directory / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(100)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process in the middle of an export into `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()


def test_what_a_killed_writer_left_is_removed_and_a_living_one_is_left_alone(holder, tmp_path):
    with workplace(tmp_path / "x", tmp_path) as mine:
        assert len(leftovers(tmp_path)) == 2
        assert mine.name in leftovers(tmp_path)
    (theirs,) = leftovers(tmp_path)
    assert (tmp_path / theirs / "half").is_file()
    holder.kill()
    holder.wait()
    (tmp_path / ".writing-link").symlink_to(tmp_path.parent)
    with workplace(tmp_path / "x", tmp_path) as mine:
        assert leftovers(tmp_path) == sorted([".writing-link", mine.name])
    assert tmp_path.parent.is_dir()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_clean_up(number, holder, tmp_path):
    holder.send_signal(number)
    code = holder.wait(timeout=30)
    assert code == 128 + number if number == signal.SIGTERM else code != 0
    assert leftovers(tmp_path) == []


def test_the_handler_of_the_user_stays(tmp_path):
    mine = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        before = signal.getsignal(signal.SIGTERM)
        with workplace(tmp_path / "x", tmp_path):
            assert signal.getsignal(signal.SIGTERM) is before
    finally:
        signal.signal(signal.SIGTERM, mine)
    with workplace(tmp_path / "x", tmp_path):
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_lock_is_held_once(tmp_path):
    with locked(tmp_path) as held, locked(tmp_path, wait=False) as again:
        assert held and not again


@pytest.fixture(scope="module")
def pairs(trained, tmp_path_factory):
    """Two exports: `(file, manifest)` as bytes, of one search and of another."""
    folder = tmp_path_factory.mktemp("pairs")
    found = []
    for name, options in (("greedy", {}), ("beam", {"beam_size": 2})):
        file = export.tflite(trained, folder / f"{name}.tflite", sample=SOURCES, **options)
        found.append((file.read_bytes(), manifests.manifest_path(file).read_bytes()))
    return found


@pytest.mark.parametrize("old", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("renames", [0, 1, 2, 3])
def test_a_pair_is_there_whenever_the_writer_is_killed(renames, old, pairs, tmp_path, monkeypatch):
    file = tmp_path / "model[1].tflite"
    if old:
        file.write_bytes(pairs[0][0])
        manifests.manifest_path(file).write_bytes(pairs[0][1])
    work = tmp_path / "work"
    work.mkdir()
    (work / file.name).write_bytes(pairs[1][0])
    manifests.manifest_path(work / file.name).write_bytes(pairs[1][1])
    kill_before_rename(monkeypatch, renames)
    known = json.loads(pairs[1][1])["sha256"]
    try:
        manifests.rename_pair(work / file.name, file, known)
    except Killed:
        assert renames < 3
    monkeypatch.undo()
    if renames < 2 and not old:
        assert not file.exists()
        return
    found, content = manifests.read_pair(file)
    assert content == pairs[0 if renames < 2 else 1][0]
    assert found["sha256"] == manifests.fingerprint(content)
    if renames == 3:
        assert leftovers(tmp_path) == []


def test_what_a_killed_writer_left_of_a_pair_goes_with_the_next(trained, pairs, tmp_path):
    file = tmp_path / "model.tflite"
    manifests.spare_manifest_path(file, "0" * 64).write_text("{}")
    export.tflite(trained, file, sample=SOURCES)
    assert leftovers(tmp_path) == []
    assert open_artefact(file).generate(SOURCES).texts == trained.generate(SOURCES)


def test_a_full_disk_is_told_and_leaves_the_old_files(trained, pairs, tmp_path):
    """A limit of file sizes stands for the disk."""
    file = tmp_path / "model.tflite"
    file.write_bytes(pairs[0][0])
    manifests.manifest_path(file).write_bytes(pairs[0][1])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(export.ExportError, match="TFLite cannot hold|cannot be written"):
            export.tflite(trained, file, sample=SOURCES)
        with pytest.raises(export.ExportError, match="served cannot be written"):
            export.saved_model(trained, tmp_path / "served", sample=SOURCES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert leftovers(tmp_path) == leftovers(tmp_path / "served") == []
    assert manifests.read_pair(file)[1] == pairs[0][0]


def test_a_disk_that_fills_up_at_the_manifest(trained, pairs, tmp_path, monkeypatch):
    file = tmp_path / "model.tflite"
    file.write_bytes(pairs[0][0])
    manifests.manifest_path(file).write_bytes(pairs[0][1])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_tflite(), "tree_to_disk", full)
    with pytest.raises(export.ExportError, match="No space left on device. What was there is"):
        export.tflite(trained, file, sample=SOURCES)
    assert leftovers(tmp_path) == []
    assert manifests.read_pair(file)[1] == pairs[0][0]


def export_tflite():
    return sys.modules["keras_seq2seq.export.tflite"]


@pytest.mark.slow
def test_killed_exports_of_the_command_line_leave_nothing(trained, tmp_path):
    """Killed at 8 moments, then run to its end."""
    trained.save(tmp_path / "model.keras")
    served = tmp_path / "served"
    command = [sys.executable, "-m", "keras_seq2seq", "export", str(tmp_path / "model.keras")]
    command += ["--saved-model", str(served), "--tflite", str(tmp_path / "model.tflite")]
    for delay in range(6, 22, 2):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        for path in [served] if served.is_dir() else []:
            for version in (p for p in path.iterdir() if p.name.isdigit()):
                assert open_artefact(version).generate(SOURCES).texts == trained.generate(SOURCES)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert leftovers(served) == leftovers(tmp_path) == []
