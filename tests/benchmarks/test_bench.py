import json
import subprocess

import bench
import pytest
from reference_run import compared


def test_ratios_are_those_of_medians_and_of_rounds():
    found = compared([2.0, 4.0, 9.0], [1.0, 2.0, 3.0])
    assert found == {"ratio": 2.0, "ratio_range": [2.0, 3.0]}


def test_parts_that_fail_are_told_and_the_others_are_there(tmp_path, monkeypatch, capsys):
    def works(options, files, model):
        found = {"ratio": 1.5, "ratio_range": [1.4, 1.7]}
        return [bench.row("training", "target tokens/s", 3000, 2000, "stock Keras layers", found)]

    def fails(options, files, model):
        raise RuntimeError("decoding_speed.py ended with 1")

    monkeypatch.setattr(bench, "PARTS", {"training": works, "decoding": fails})
    monkeypatch.setattr(bench, "corpus", lambda out: ({}, None))
    with pytest.raises(SystemExit):
        bench.main(["--out", str(tmp_path), "--rounds", "3"])
    said = capsys.readouterr().out
    assert "| 3,000 | 2,000 | **1.50** | 1.40 to 1.70 | stock Keras layers |" in said
    assert "| decoding | failed: decoding_speed.py ended with 1 |" in said
    figures = json.loads((tmp_path / "bench.json").read_text())
    assert figures["rows"][0]["ratio"] == 1.5 and figures["rounds"] == 3
    assert (tmp_path / "bench.png").stat().st_size > 3000
    assert (tmp_path / "bench.md").read_text().strip() == said.strip()


def test_without_the_corpus_it_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_SEQ2SEQ_DATA", raising=False)
    with pytest.raises(ValueError, match="KERAS_SEQ2SEQ_DATA is not set"):
        bench.main(["--out", str(tmp_path)])


def test_names_of_files_are_filled_in_and_those_of_searches_left():
    command = bench.filled("peer {source} {target} {model} --beam {beam}", "a.en", "a.de", "p")
    assert command == "peer a.en a.de p --beam {beam}"


def test_a_part_is_a_process_whose_last_line_counts(monkeypatch):
    def ran(command, **options):
        assert command[-2:] == ["--json", "-"]
        return subprocess.CompletedProcess(command, 0, 'noise\n{"ms": 3}\n')

    monkeypatch.setattr(subprocess, "run", ran)
    assert bench.run("x.py", "--rounds", 1) == {"ms": 3}
