"""What builds and serves the page of export/web refuses in a sentence, and leaves as it was."""

import json
import subprocess
import sys

import pytest
from javascript import ROOT, node

WEB = ROOT / "export/web"


def refused(*command):
    """The one line that a command says when it refuses."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def build(*arguments):
    return refused(node(), WEB / "build.mjs", *arguments)


def test_options_that_are_missing_or_unknown(tmp_path):
    assert "--packages DIR is missing" in build("--out", tmp_path / "web")
    assert "--out DIR is missing" in build("--packages", tmp_path)
    assert "--bogus" in build("--bogus")


@pytest.mark.parametrize("name", ["none.tflite", "alone.tflite", "bad.tflite", "other.tflite"])
def test_a_model_that_cannot_be_leaves_the_page(name, tmp_path):
    for kept in ("alone", "bad", "other"):
        (tmp_path / f"{kept}.tflite").write_bytes(b"model")
    (tmp_path / "bad.tflite.json").write_text("{", "utf-8")
    record = {"format": 3, "sha256": "0" * 64}
    (tmp_path / "other.tflite.json").write_text(json.dumps(record), "utf-8")
    page = tmp_path / "web"
    page.mkdir()
    (page / "models.json").write_text("[]", "utf-8")
    words = build("--packages", tmp_path, "--out", page, "--model", tmp_path / name)
    assert name in words
    assert [path.name for path in page.iterdir()] == ["models.json"]
    assert not (tmp_path / "web.part").exists()


def test_a_folder_that_is_no_page_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    for out in (tmp_path, tmp_path / "thesis.txt"):
        assert "would be replaced" in build("--packages", tmp_path, "--out", out)
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "mine"


def test_no_page_to_serve(tmp_path):
    assert "holds no page" in refused(sys.executable, WEB / "serve.py", tmp_path / "none")
    page = 'Content-Security-Policy" content="x"'
    (tmp_path / "index.html").write_text(page, "utf-8")
    command = (sys.executable, WEB / "serve.py", tmp_path, "--port", "99999")
    assert "Port 99999 cannot be had" in refused(*command)
