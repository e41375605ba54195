"""From a corpus to artefacts that agree, as a user types it."""

import json
import os
import shutil
from pathlib import Path
from unittest import mock

import pytest

from keras_seq2seq.training import load_config

KINDS = {
    "run": "keras",
    "keras": "keras",
    "served": "saved_model",
    "version": "saved_model",
    "tflite": "tflite",
    "text": "tflite",
}


def test_train_leaves_a_run_and_prints_where_the_model_is(training):
    run, result = training
    assert result.out.split() == [str(run / "model.keras")]
    assert "epoch 1/1" in result.err and "60 pairs read, 60 kept" in result.err
    names = set(os.listdir(run))
    assert {"config.toml", "data_report.json", "metrics.csv", "logs", "model.keras"} <= names
    config = load_config(run / "config.toml")
    assert config.data.columns == "2,1" and config.model.units == 16


def test_preset_and_precision_are_options_of_train(command):
    result = command("train", "--preset", "tiny", "--precision", "mixed_bfloat16", "--show-config")
    assert result.code == 0
    for line in ('preset = "tiny"', "units = 64", 'precision = "mixed_bfloat16"'):
        assert line in result.out.splitlines()
    wrong = command("train", "--preset", "tyni", "--show-config")
    assert wrong.code != 0 and "Did you mean 'tiny'?" in wrong.err
    wrong = command("train", "--precision", "mixed_float61", "--show-config")
    assert wrong.code != 0 and "Did you mean 'mixed_float16'?" in wrong.err


def test_columns_swap_the_direction(training):
    from keras_seq2seq.export import open_artefact

    model = open_artefact(training[0]).model
    source, target = ("".join(t.tokens()) for t in (model.source_tokenizer, model.target_tokenizer))
    assert "있" in source and "있" not in target and "Th" in target.replace("▁", "")
    assert "tatoeba" not in source + target and "C" not in source + target


def test_all_artefacts_give_the_same_text(artefacts, command, sources):
    results = {name: command("generate", path, sources) for name, path in artefacts.items()}
    expected = results["run"].out
    assert len(expected.splitlines()) == 4 and expected.splitlines()[1] == ""
    assert expected.splitlines()[0]
    for name, result in results.items():
        assert (result.code, result.out, result.err) == (0, expected, ""), name


def test_standard_input_and_scores(artefacts, command, sources):
    from_file = command("generate", artefacts["tflite"], sources)
    for arguments in ([], ["-"]):
        piped = command("generate", artefacts["tflite"], *arguments, stdin=sources.read_bytes())
        assert piped.out == from_file.out
    scored = command("generate", artefacts["tflite"], sources, "--scores").out.splitlines()
    scores, texts = zip(*(line.split("\t") for line in scored), strict=True)
    assert list(texts) == from_file.out.splitlines()
    assert all(float(score) <= 0 for score in scores)


def test_evaluate_gives_json_and_writes_the_translations(artefacts, command, corpus, tmp_path):
    output = tmp_path / "hypotheses.txt"
    arguments = ["--test", corpus, "--columns", "2,1", "--output", output, "--json"]
    result = command("evaluate", artefacts["run"], *arguments)
    scores = json.loads(result.out)
    assert scores["sentences"] == 60 and scores["test"] == str(corpus)
    assert 0 <= scores["bleu"] <= 100 and "tok:13a" in scores["bleu_signature"]
    assert os.listdir(tmp_path) == ["hypotheses.txt"]

    korean = "".join(line.split("\t")[1] + "\n" for line in corpus.read_text("utf-8").splitlines())
    generated = command("generate", artefacts["run"], stdin=korean.encode())
    assert output.read_text("utf-8") == generated.out


def test_evaluate_shows_a_table(artefacts, command, corpus):
    result = command("evaluate", artefacts["tflite"], "--test", corpus, "--columns", "2,1")
    assert result.code == 0 and "exact match" in result.out and "tok:13a" in result.out


@pytest.mark.parametrize("name", KINDS)
def test_inspect(artefacts, command, name):
    facts = json.loads(command("inspect", artefacts[name], "--json").out)
    assert facts["kind"] == KINDS[name] and facts["bytes"] > 10_000
    assert facts["max_target_length"] == 20 and facts["parameters"] > 5_000
    table = command("inspect", artefacts[name]).out
    assert all(key in table for key in facts)
    if name == "tflite":
        assert "ids: int32 [1, 20]" in table and "length: int32 [1]" in table


def test_the_shown_configuration_is_one(command, tmp_path):
    shown = command("train", "--show-config", "--train", 'a "b"\\n.tsv', "--set", "model.units=7")
    file = tmp_path / "run.toml"
    file.write_text(shown.out, "utf-8")
    config = load_config(file)
    assert config.data.train == 'a "b"\\n.tsv' and config.model.units == 7
    assert command("train", file, "--show-config").out == shown.out


@pytest.mark.slow
def test_an_export_replaces_a_file_and_adds_a_version(artefacts, command, tmp_path):
    base = tmp_path / "served"
    (base / "7").mkdir(parents=True)
    file = tmp_path / "m.tflite"
    file.write_bytes(b"old")
    result = command("export", artefacts["keras"], "--saved-model", base, "--tflite", file)
    assert result.out.split() == [str(base / "8"), str(file)]
    assert sorted(os.listdir(base)) == ["7", "8"]
    assert sorted(os.listdir(tmp_path)) == ["m.tflite", "m.tflite.json", "served"]
    assert file.stat().st_size > 10_000


def test_quickstart_ends_with_three_artefacts_that_agree(command, corpus, settings, tmp_path):
    rows = [line.split("\t") for line in corpus.read_text("utf-8").splitlines()]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("".join(f"{korean}\t{english}\n" for english, korean, _ in rows), "utf-8")
    small = [argument for argument in settings if str(argument).startswith("--set=")]
    corpora = [f"--set=data.{split}={pairs}" for split in ("train", "valid")]
    result = command("quickstart", "--run-dir", tmp_path / "run", *small, *corpora)
    assert result.code == 0, result.err
    file = Path(result.out.splitlines()[-1])
    assert file == tmp_path / "run" / "summary.json"
    summary = json.loads(file.read_text("utf-8"))
    assert summary["parity"] is True
    for name in ("keras", "saved_model", "tflite"):
        assert Path(summary[name]).exists()
        assert summary["bytes"][name] > 10_000 and summary["milliseconds"][name] > 0
    sample = summary["sample"].encode()
    again = command("generate", summary["tflite"], stdin=sample)
    assert again.out == summary["translation"] + "\n"


def test_evaluate_scores_lowercased_tokenised_text_beside_the_raw_one(artefacts, command, corpus):
    arguments = ["--test", corpus, "--columns", "2,1", "--language", "en"]
    scores = json.loads(command("evaluate", artefacts["run"], *arguments, "--json").out)
    assert scores["text"] == "raw" and 0 <= scores["ter"]
    prepared = scores["lowercased_tokenised"]
    assert "moses-en" in prepared["text"] and "tok:none" in prepared["bleu_signature"]
    table = command("evaluate", artefacts["run"], *arguments).out
    assert "lower-cased, tokenised" in table
    for name in ("bleu", "chrf", "ter"):  # in full, however narrow the terminal
        assert f"{name}, raw: {scores[name + '_signature']}\n" in table
        assert f"{name}, lower-cased, tokenised: {prepared[name + '_signature']}\n" in table
    assert f"text: {prepared['text']}\n" in table


@pytest.mark.parametrize("name", ["run", "served", "tflite"])
def test_evaluate_reports_errors(artefacts, command, corpus, tmp_path, name):
    folder = tmp_path / "new" / "report"
    arguments = ["--test", corpus, "--columns", "2,1", "--report", folder, "--json"]
    result = command("evaluate", artefacts[name], *arguments)
    assert result.code == 0, result.err
    assert sorted(os.listdir(folder)) == ["errors.json", "errors.md", "errors.png"]
    report = json.loads((folder / "errors.json").read_text("utf-8"))
    assert sum(bucket["sentences"] for bucket in report["by_length"]) == 60
    assert bool(report["by_rarest_word"]) == (name == "run")  # a run knows what it learnt from
    assert bool(report["by_unknown_tokens"]) == (name != "served")  # it hides its vocabulary


def test_evaluate_reports_without_the_training_text_if_that_is_gone(
    artefacts, command, corpus, tmp_path
):
    run = tmp_path / "run"
    shutil.copytree(artefacts["run"], run)
    config = (run / "config.toml").read_text("utf-8")
    (run / "config.toml").write_text(config.replace("kor.txt", "gone.txt"), "utf-8")
    arguments = ["--test", corpus, "--columns", "2,1", "--report", tmp_path / "report"]
    result = command("evaluate", run, *arguments)
    assert result.code == 0 and "No report by rare words: There is no file" in result.err
    told = command("evaluate", run, *arguments, "--train", corpus)
    assert told.code == 0 and "rare words" not in told.err
    assert "rarest word" in (tmp_path / "report" / "errors.md").read_text("utf-8")


def test_compare_holds_models_and_files_to_the_first(artefacts, command, corpus, tmp_path):
    rows = [line.split("\t") for line in corpus.read_text("utf-8").splitlines()]
    perfect = tmp_path / "perfect.txt"
    perfect.write_text("".join(f"{english}\n" for english, *_ in rows), "utf-8")
    systems = [artefacts["run"], artefacts["tflite"], perfect]
    arguments = ["--test", corpus, "--columns", "2,1", "--resamples", "100"]
    result = json.loads(command("compare", *systems, *arguments, "--json").out)
    scores = {(row["system"], row["metric"]): row for row in result["scores"]}
    assert len(scores) == 9 and result["sentences"] == 60 and result["resamples"] == 100
    assert scores[str(systems[0]), "bleu"]["p_value"] is None
    assert scores[str(systems[1]), "bleu"]["p_value"] == 1  # the same tokens
    best = scores[str(perfect), "bleu"]
    assert best["score"] == pytest.approx(100) and best["difference"] > 0 and best["p_value"] < 0.05
    table = command("compare", *systems, *arguments)
    assert "TER (less is better)" in table.out and "bs:100" in table.out


def test_plot_draws_one_run_or_several(artefacts, command, tmp_path):
    run = tmp_path / "second"
    shutil.copytree(artefacts["run"], run)
    assert command("plot", run).out == f"{run / 'curves.png'}\n"
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    config = (
        (run / "config.toml").read_text("utf-8").replace('monitor = "loss"', 'monitor = "bleu"')
    )
    (run / "config.toml").write_text(config.replace("bleu_sentences = 0", "bleu_sentences = 4"))
    with mock.patch("keras_seq2seq.evaluation.curves_plot.plot_curves") as draw:
        command("plot", run)
    assert draw.call_args.args[2] == "val_bleu"  # as the run itself chose
    picture = tmp_path / "new" / "both.svg"
    result = command("plot", artefacts["run"], run, "--output", picture, "--monitor", "loss")
    assert result.out == f"{picture}\n" and "<svg" in picture.read_text("utf-8")


def test_compare_searches_as_told(artefacts, command, corpus, tmp_path):
    output = tmp_path / "beam.txt"
    arguments = ["--test", corpus, "--columns", "2,1", "--beam", "3", "--length-penalty", "2"]
    assert command("evaluate", artefacts["run"], *arguments, "--output", output).code == 0
    compared = command("compare", output, artefacts["run"], *arguments, "--json")
    assert [row["difference"] for row in json.loads(compared.out)["scores"]][1::2] == [0, 0, 0]
    greedy = ["--test", corpus, "--columns", "2,1"]
    texts = command("evaluate", artefacts["run"], *greedy, "--output", tmp_path / "greedy.txt")
    assert texts.code == 0 and (tmp_path / "greedy.txt").read_text() != output.read_text()
