"""The model repository for Triton, from a manifest."""

import json
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "export/serving/triton/make_repository.py"


@pytest.fixture
def base(tmp_path):
    text = {"text": {"dtype": "string", "shape": [-1]}}
    results = {
        "text": {"dtype": "string", "shape": [-1, 4]},
        "truncated": {"dtype": "bool", "shape": [-1]},
    }
    signatures = {
        "serving_default": {"inputs": text, "outputs": text},
        "beam_options": {
            "inputs": {**text, "length_penalty": {"dtype": "float32", "shape": [-1]}},
            "outputs": results,
        },
        "detokenize": {"inputs": {"ids": {"dtype": "int32", "shape": [-1, -1]}}, "outputs": text},
    }
    for version in ("2", "10"):
        extra = tmp_path / "served" / version / "assets.extra"
        extra.mkdir(parents=True)
        (extra / "keras_seq2seq.json").write_text(json.dumps({"signatures": signatures}))
        (extra.parent / "saved_model.pb").write_text(version)
    (tmp_path / "served" / "tmp.11").mkdir()
    return tmp_path / "served"


def make(base, output, *options):
    command = [sys.executable, SCRIPT, "--saved-model", base, "--output", output, "--model", "mine"]
    return subprocess.run([*map(str, command), *options], capture_output=True, text=True)


def test_a_model_for_each_signature(base, tmp_path):
    output = tmp_path / "repository"
    made = make(base, output, "--signatures", "serving_default,beam_options,detokenize")
    assert made.returncode == 0, made.stderr
    assert sorted(p.name for p in output.iterdir()) == [
        "mine",
        "mine_beam_options",
        "mine_detokenize",
    ]
    assert (output / "mine/10/model/saved_model.pb").read_text() == "10"  # the newest
    assert "class TritonPythonModel" in (output / "mine/10/model.py").read_text("utf-8")
    config = (output / "mine_beam_options/config.pbtxt").read_text("utf-8")
    flat = " reshape: { shape: [ ] }"
    for line in (
        'name: "mine_beam_options"',
        "max_batch_size: 32",
        f'input [ {{ name: "text" data_type: TYPE_STRING dims: [ 1 ]{flat} }} ]',
        f'input [ {{ name: "length_penalty" data_type: TYPE_FP32 dims: [ 1 ]{flat} }} ]',
        'output [ { name: "text" data_type: TYPE_STRING dims: [ 4 ] } ]',
        f'output [ {{ name: "truncated" data_type: TYPE_BOOL dims: [ 1 ]{flat} }} ]',
        'parameters { key: "signature" value { string_value: "beam_options" } }',
    ):
        assert line in config.splitlines()
    ids = 'input [ { name: "ids" data_type: TYPE_INT32 dims: [ -1 ] } ]'
    assert ids in (output / "mine_detokenize/config.pbtxt").read_text("utf-8")
    assert config.count("{") == config.count("}") and config.count("[") == config.count("]")


def test_what_is_wrong_is_said(base, tmp_path):
    output = tmp_path / "repository"
    assert (
        "No signature 'bean'; there are beam_options"
        in make(base, output, "--signatures", "bean").stderr
    )
    assert "holds no version" in make(tmp_path / "nowhere", output).stderr
    assert make(base / "2", output).returncode == 0  # a version is as good as a base
    assert "is there already" in make(base, output).stderr
