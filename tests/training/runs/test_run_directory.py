"""The run directory: never in somebody else's files, never a file half written."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.configuration.config_file import commented_toml
from keras_seq2seq.training.run_directory import RunDirectory

NOW = datetime(2025, 3, 4, 5, 6, 7)


def names(path):
    return sorted(os.listdir(path))


def test_a_new_directory_is_made_with_its_parents_and_left_empty(tmp_path):
    run = RunDirectory(tmp_path / "runs" / "first").create()
    assert names(run.path) == [] and not run.is_run


def test_a_run_may_be_entered_again_and_nothing_else(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    run.write_text("config.toml", commented_toml(RunConfig()))
    assert run.is_run and RunDirectory(run.path).create().config.exists()

    for name, content in (("thesis.txt", "years of work"), ("config.toml", "[other]\nkey = 1\n")):
        other = tmp_path / name.replace(".", "_")
        other.mkdir()
        (other / name).write_text(content)
        with pytest.raises(ValueError, match=f"holds other files .{name}"):
            RunDirectory(other).create()
        assert names(other) == [name] and (other / name).read_text() == content


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="is a file"):
        RunDirectory(tmp_path / "file").create()
    with pytest.raises(ValueError, match="cannot be created"):
        RunDirectory(tmp_path / "file" / "run").create()
    with pytest.raises(ValueError, match="cannot be created"):
        RunDirectory("a\0b").create()


def test_a_directory_that_is_not_writable(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(ValueError, match="not writable.*Permission denied"):
        RunDirectory(tmp_path / "run").create()


def test_new_directories_never_meet(tmp_path):
    made = [RunDirectory.new(tmp_path / "runs", now=NOW).path.name for _ in range(3)]
    assert made == ["2025-03-04_05-06-07", "2025-03-04_05-06-07-2", "2025-03-04_05-06-07-3"]


def test_text_is_replaced_whole(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    run.write_text("metrics.csv", "안녕\n")
    run.write_text("metrics.csv", "epoch\n")
    assert run.metrics.read_bytes() == b"epoch\n" and names(run.path) == ["metrics.csv"]
    with pytest.raises(UnicodeEncodeError):
        run.write_text("metrics.csv", "\udcff")
    assert run.metrics.read_bytes() == b"epoch\n" and names(run.path) == ["metrics.csv"]


def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    run.write_text("model.keras", "old")
    with pytest.raises(RuntimeError), run.replacing("model.keras") as temporary:
        assert temporary.parent == run.path and temporary.suffix == ".keras"
        temporary.write_text("half")
        raise RuntimeError
    assert run.model.read_text() == "old" and names(run.path) == ["model.keras"]


def test_every_path_lies_in_the_directory(tmp_path):
    run = RunDirectory(tmp_path)
    values = vars(run).values()
    paths = [value for value in values if isinstance(value, Path) and value != run.path]
    assert len(set(paths)) == len(paths) == 14 and all(path.parent == run.path for path in paths)


def test_two_processes_do_not_train_the_same_run(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    with run.locked():
        with pytest.raises(ValueError, match="Another process is training"):
            with RunDirectory(run.path).locked():
                pass
        assert RunDirectory(run.path).create().path == run.path  # the lock is no stranger
    with run.locked():
        pass
    assert names(run.path) == []


def test_a_hostile_configuration_is_no_run(tmp_path):
    """A key of 100,000 parts would take the parser 24 GB."""
    run = RunDirectory(tmp_path)
    run.config.write_text(".".join("a" * 100_000) + " = 1", "utf-8")
    assert not run.is_run
