import json
import subprocess

import bench
import pytest
from reference_run import compared, run_reference


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
    options = bench.parse_arguments(["--threads", "3"])
    asked = "peer {source} {target} {model} --threads {threads} --beam {beam}"
    command = bench.filled(asked, options, ["a.en", "a.de"], "p")
    assert command == "peer a.en a.de p --threads 3 --beam {beam}"


def test_programs_take_part_that_have_an_environment(tmp_path, capsys):
    with pytest.raises(SystemExit):
        bench.parse_arguments(["--peers", str(tmp_path)])
    assert "joeynmt/bin/python" in capsys.readouterr().err
    python = tmp_path / "ctranslate2" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    options = bench.parse_arguments(["--peers", str(tmp_path)])
    assert bench.peers(options, "train") == {}
    [(started, script)] = bench.peers(options, "decode").values()
    assert started == python and script.is_file()


def test_every_program_has_a_script_and_says_what_it_needs():
    folder = bench.HERE / "peers"
    assert {path.stem.removesuffix("_speed") for path in folder.glob("*_speed.py")} == set(
        bench.PEERS
    )
    for name in bench.PEERS:
        assert (folder / f"requirements-{name}.txt").is_file()


def test_a_program_that_fails_costs_no_other_its_row(tmp_path, monkeypatch):
    def ran(script, *arguments):
        if "joeynmt" in arguments[-1]:
            raise RuntimeError("training_speed.py ended with 1")
        ratio = {"ratio": 2.0, "ratio_range": [1.9, 2.1]}
        return {"target_tokens_per_s": 20, "reference_target_tokens_per_s": 10, **ratio}

    for name in ("joeynmt", "opennmt_tf"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").touch()
    monkeypatch.setattr(bench, "run", ran)
    options = bench.parse_arguments(["--peers", str(tmp_path)])
    options.failed = {}
    rows = bench.training(options, {"train": ["a", "b"]}, "m")
    assert [row["peer"] for row in rows] == ["stock Keras layers", "OpenNMT-tf"]
    assert list(options.failed) == ["training beside JoeyNMT"]


def test_files_for_devices_have_rows_of_each_format(monkeypatch):
    one = {"format": "none", "ms": 20.0, "first_call_ms": 27.0, "bytes": 45_400_000}
    monkeypatch.setattr(bench, "run", lambda *_: {"variants": [one, one | {"format": "int8"}]})
    rows = bench.device(bench.parse_arguments([]), {"test": ["a"]}, "m")
    assert [row["what"] for row in rows][::3] == [".tflite, float32", ".tflite, int8"]
    assert [row["ours"] for row in rows[:3]] == [20.0, 27.0, 45.4]


def test_words_a_second_need_a_run(capsys):
    assert "words" not in bench.parse_arguments([]).parts
    with pytest.raises(SystemExit):
        bench.parse_arguments(["--parts", "words"])
    assert "--run" in capsys.readouterr().err


def test_what_a_reference_says_when_it_fails_is_told():
    with pytest.raises(RuntimeError, match="ended with 3: .*: no such model"):
        run_reference("sh -c 'echo no such model >&2; exit 3'", "sentences_per_s")


def test_a_part_is_a_process_whose_last_line_counts(monkeypatch):
    def ran(command, **options):
        assert command[-2:] == ["--json", "-"]
        return subprocess.CompletedProcess(command, 0, 'noise\n{"ms": 3}\n')

    monkeypatch.setattr(subprocess, "run", ran)
    assert bench.run("x.py", "--rounds", 1) == {"ms": 3}


@pytest.mark.parametrize("flag", ["--rounds", "--threads"])
def test_counts_below_one_are_refused(flag, capsys):
    with pytest.raises(SystemExit):
        bench.parse_arguments([flag, "0"])
    assert f"{flag} 0: at least 1 is expected" in capsys.readouterr().err
