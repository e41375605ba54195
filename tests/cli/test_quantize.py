"""`export --quantize`: formats, the gate, and what is refused before anything is loaded."""

import json
import re
from pathlib import Path

import pytest

from keras_seq2seq.cli.exporting.compared_formats import JudgedPairs, tell_formats
from keras_seq2seq.export import QuantizationReport
from keras_seq2seq.export.quantization.format_report import FormatReport


@pytest.mark.slow
def test_a_format_with_its_report(command, training, tmp_path):
    run, file = training[0], tmp_path / "m.tflite"
    picture = tmp_path / "formats.png"
    flags = ["--quantize", "int8", "--max-bleu-loss", 100, "--judged-pairs", 4]
    flags += ["--judge-by", "bleu"]
    result = command(
        "export", run, "--tflite", file, *flags, "--report", "--report-picture", picture
    )
    assert result.code == 0, result.err
    assert result.out.split() == [str(file)] and "float32" in result.err
    report = json.loads((tmp_path / "m.tflite.report.json").read_text())
    assert report["format"] == "int8" and report["sentences"] <= 4
    assert report["metric"] == "bleu" and report["formats"][1]["loss_confidence"] >= 0
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
        (["--judge-by", "bleu"], "--judge-by is about formats"),
        (["--quantize", "int8", "--judge-by", "exact"], "Did you mean 'exact_match'"),
        (["--quantize", "int8", "--report-picture", "x.gif"], "needs the ending .png"),
        (["--quantize", "int8", "--max-bleu-loss", "inf"], "a finite number of points, got inf"),
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


@pytest.mark.parametrize("available", [200, 3723])
def test_a_choice_in_doubt_is_told_in_a_line(available, monkeypatch, capsys):
    formats = [
        FormatReport("none", 9, 9, 1.0, 1, 0.0, 30.0, 5.0, 0.0, True, 0.0),
        FormatReport("int8", 5, 5, 1.0, 1, 0.0, 29.9, 5.0, 0.1, True, 0.4),
    ]
    report = QuantizationReport("int8", "bleu", 0.3, 200, "nrefs:1", formats, {})
    monkeypatch.setattr(QuantizationReport, "read", lambda file: report)
    tell_formats(Path("m.tflite"), JudgedPairs([], [], available), False, None)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert "int8 passes, but 200 pairs are too few" in line and "about 800 would tell" in line
    assert ("The run has 3,723: raise --judged-pairs." in line) == (available == 3723)
