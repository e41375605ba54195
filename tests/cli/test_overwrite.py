"""`--overwrite` replaces a run, and nothing that no run wrote."""

import os
import shutil
from pathlib import Path

import pytest

from keras_seq2seq.cli.train_command import open_run


@pytest.fixture
def old_run(training, tmp_path):
    path = tmp_path / "old"
    shutil.copytree(training[0], path)
    return path


def content(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ["notes.txt", "report/notes.txt", "report", "train.tsv"])
def test_what_no_run_wrote_is_not_replaced(refused, settings, corpus, old_run, name):
    """Not even where the corpus of the new run is among it."""
    path = old_run / name
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if name == "report" else shutil.copy(corpus, path)
    train = ["train", *settings, *(("--train", path) if name == "train.tsv" else ())]
    before = content(old_run)
    said = refused(*train, "--run-dir", old_run, "--overwrite")
    assert f"no run wrote in {old_run}: {name.partition('/')[0]}. Move it away" in said
    assert content(old_run) == before and os.listdir(old_run.parent) == ["old"]


def test_what_commands_leave_in_a_run_is_replaced_with_it(old_run):
    names = ("report/errors.md", "saved_model/1/x", "curves.png", ".12.model.keras", "mine.json")
    for name in names:
        (old_run / name).parent.mkdir(parents=True, exist_ok=True)
        (old_run / name).touch()
    with open_run(old_run, overwrite=True, own=["mine.json"]) as directory:
        (directory.path / "config.toml").write_text("new")
    assert os.listdir(old_run) == ["config.toml"] and os.listdir(old_run.parent) == ["old"]


def test_a_project_with_a_configuration_is_no_run(refused, command, settings, corpus, tmp_path):
    (tmp_path / "config.toml").write_text(command("train", "--show-config").out, "utf-8")
    shutil.copy(corpus, tmp_path / "train.tsv")
    before = content(tmp_path)
    for more in ([], ["--overwrite"]):
        said = refused("train", *settings, "--run-dir", tmp_path, *more)
        assert "holds other files (config.toml, train.tsv) and no run" in said
    assert "holds no run to resume" in refused("train", "--resume", tmp_path)
    assert content(tmp_path) == before


@pytest.mark.parametrize("here", [".", "logs"])
def test_a_run_is_not_replaced_from_within(refused, settings, old_run, monkeypatch, here):
    monkeypatch.chdir(old_run / here)
    before = content(old_run)
    run_dir = "." if here == "." else ".."
    said = refused("train", *settings, "--run-dir", run_dir, "--overwrite")
    assert "run it from elsewhere" in said
    assert content(old_run) == before and os.listdir(old_run.parent) == ["old"]


@pytest.mark.parametrize("run_dir", ["old", "old/logs/..", "./old"])
def test_a_run_is_replaced_by_a_relative_name(old_run, monkeypatch, run_dir):
    monkeypatch.chdir(old_run.parent)
    with open_run(Path(run_dir), overwrite=True) as directory:
        (directory.path / "config.toml").write_text("new")
    assert os.listdir(old_run) == ["config.toml"] and os.listdir(old_run.parent) == ["old"]


@pytest.mark.parametrize("fault", ["--train=nowhere.tsv", "--columns=1,9"])
def test_the_corpus_is_read_before_the_old_run_is_touched(
    refused, settings, old_run, monkeypatch, fault
):
    def touch(*_):
        raise AssertionError("renamed before the corpus was read")

    monkeypatch.setattr(Path, "rename", touch)
    refused("train", *settings, fault, "--run-dir", old_run, "--overwrite")


def test_what_comes_into_the_old_run_meanwhile_is_kept(old_run):
    with open_run(old_run, overwrite=True) as directory:
        (directory.path / "config.toml").write_text("new")
        (old_run.with_name("old-replaced") / "notes.txt").write_text("dear")
    assert (old_run.with_name("old-replaced") / "notes.txt").read_text() == "dear"


def test_what_a_killed_overwrite_left_is_told(old_run, capsys):
    aside = old_run.with_name("old-replaced")
    shutil.copytree(old_run, aside)
    with open_run(old_run, overwrite=True) as directory:
        (directory.path / "config.toml").write_text("new")
    assert f"was to be replaced lies in {aside}" in " ".join(capsys.readouterr().err.split())
    assert (aside / "model.keras").exists()
