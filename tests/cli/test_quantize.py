"""`export --quantize`: formats, the gate, and what is refused before anything is loaded."""

import json
import re

import pytest


@pytest.mark.slow
def test_a_format_with_its_report(command, training, tmp_path):
    run, file = training[0], tmp_path / "m.tflite"
    picture = tmp_path / "formats.png"
    flags = ["--quantize", "int8", "--max-bleu-loss", 100, "--judged-pairs", 4]
    result = command(
        "export", run, "--tflite", file, *flags, "--report", "--report-picture", picture
    )
    assert result.code == 0, result.err
    assert result.out.split() == [str(file)] and "float32" in result.err
    report = json.loads((tmp_path / "m.tflite.report.json").read_text())
    assert report["format"] == "int8" and report["sentences"] <= 4
    assert [f["format"] for f in report["formats"]] == ["none", "int8"]
    assert picture.stat().st_size > 5000
    manifest = json.loads((tmp_path / "m.tflite.json").read_text())
    assert manifest["quantization"] == report


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--quantize", "int3"], "Did you mean 'int8'|Did you mean 'int4'"),
        (["--report"], "--report is about formats: give --quantize"),
        (["--max-bleu-loss", 1.0], "--max-bleu-loss is about formats"),
        (["--quantize", "int8", "--report-picture", "x.gif"], "needs the ending .png"),
    ],
)
def test_flags_are_checked(refused, training, tmp_path, flags, message):
    said = refused("export", training[0], "--tflite", tmp_path / "m.tflite", *flags)
    assert re.search(message, said)
    assert not list(tmp_path.iterdir())


def test_auto_needs_pairs(refused, training, tmp_path):
    lone = tmp_path / "lone.keras"
    lone.write_bytes((training[0] / "model.keras").read_bytes())
    said = refused("export", lone, "--tflite", tmp_path / "m.tflite", "--quantize", "auto")
    assert "Formats cannot be judged" in said and "belongs to no run" in said
