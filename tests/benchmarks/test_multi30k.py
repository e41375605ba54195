import json
import shutil

import compare_runs
import multi30k
import pytest
import scored_run
from scored_run import FACTS

from keras_seq2seq.evaluation import score_lowercased_tokenised

TINY = [
    "model.units=12",
    "model.embedding_dim=12",
    "data.batch_size=8",
    "text.vocabulary_size=60",
    "training.epochs=1",
    "training.ema_momentum=0",
    "training.sample_translations=0",
    "training.attention_images=0",
]


@pytest.fixture(scope="module")
def trained(home, tmp_path_factory):
    """(run directory, figures) of a run as short as can be."""
    folder = tmp_path_factory.mktemp("multi30k")
    arguments = [
        "--beam",
        "2",
        "--run-dir",
        str(folder / "run"),
        "--json",
        str(folder / "out" / "figures.json"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_SEQ2SEQ_DATA", str(home))
        patch.setattr(scored_run, "LENGTH_PENALTIES", (0.6, 1.0))
        multi30k.main([*arguments, *(f"--set={change}" for change in TINY)])
    return folder / "run", json.loads((folder / "out" / "figures.json").read_text("utf-8"))


def test_figures_have_the_promised_keys(trained):
    run, figures = trained
    for key in ("bleu_lowercased_tokenised", "bleu_cased", "chrf", "parameters", "minutes"):
        assert figures[key] >= 0
    assert figures["parameters"] > 1000 and figures["minutes"] < 5
    assert figures["config"]["model"]["units"] == 12 and figures["best_epoch"] == 1
    assert figures["val"]["sentences"] == 12 == figures["sentences"]
    assert figures["search"]["beam_size"] == 2 and len(figures["val_tried"]) == 2
    best = max(row["bleu_lowercased_tokenised"] for row in figures["val_tried"])
    assert figures["val"]["bleu_lowercased_tokenised"] == best
    assert "tok:none" in figures["signatures"]["bleu_lowercased_tokenised"]
    assert json.loads((run / FACTS).read_text())["minutes"] == figures["minutes"]


def test_the_figure_is_that_of_the_kept_translations(trained, home):
    run, figures = trained
    texts = (run / "test_2016_flickr.hyp").read_text("utf-8").splitlines()
    references = (home / "multi30k" / "test_2016_flickr.de").read_text("utf-8").splitlines()
    scores = score_lowercased_tokenised(texts, references, "de")
    assert figures["bleu_lowercased_tokenised"] == round(scores.bleu, 2)


def test_a_run_is_scored_again_without_training(trained, data, monkeypatch, capsys):
    run, figures = trained
    monkeypatch.setattr(scored_run, "train_run", None)
    monkeypatch.setattr(scored_run, "LENGTH_PENALTIES", (0.6, 1.0))
    multi30k.main(["--score", str(run), "--beam", "2", "--json", "-"])
    *table, last = capsys.readouterr().out.splitlines()
    assert without_times(json.loads(last)) == without_times(figures)
    assert any("39.00" in line for line in table) and any("**ours**" in line for line in table)


def test_a_run_of_the_command_line_is_scored(trained, data, tmp_path, monkeypatch, capsys):
    """Such a run has no notes of a benchmark beside its model."""
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    (run / FACTS).unlink()
    multi30k.main(["--score", str(run), "--beam", "1", "--json", "-"])
    assert "**ours**" in capsys.readouterr().out


def without_times(figures):
    if isinstance(figures, list):
        return [without_times(row) for row in figures]
    if isinstance(figures, dict):
        return {key: without_times(value) for key, value in figures.items() if key != "seconds"}
    return figures


def test_val_only_leaves_the_test_set_alone(trained, data, capsys, monkeypatch):
    run, _ = trained
    read = []
    monkeypatch.setattr(multi30k, "read_split", lambda spec: read.append(spec) or _read(spec))
    multi30k.main(["--score", str(run), "--val-only", "--beam", "1", "--json", "-"])
    shown = capsys.readouterr().out.splitlines()
    assert "test" not in json.loads(shown[-1]) and "**ours**" not in "".join(shown)
    assert len(read) == 1 and "val.en" in read[0]


def _read(spec):
    from real_corpora import read_split

    return read_split(spec)


def test_what_is_no_run_is_refused(data, tmp_path):
    with pytest.raises(ValueError, match="is no finished run"):
        multi30k.main(["--score", str(tmp_path)])


@pytest.mark.slow
def test_runs_side_by_side(trained, data, tmp_path):
    run, figures = trained
    file = tmp_path / "figures.json"
    few = ["--beam", "1", "--rounds", "1", "--steps", "2", "--sentences", "3"]
    compare_runs.main([str(run), str(run), *few, "--json", str(file)])
    first, second = json.loads(file.read_text("utf-8"))
    assert (
        first["val_greedy"]["chrf"] == second["val_greedy"]["chrf"] == figures["val_greedy"]["chrf"]
    )
    for row in (first, second):
        assert row["parameters"] == figures["parameters"]
        assert min(row["target_tokens_per_s"], row["tflite_ms"], row["tflite_bytes"]) > 0
