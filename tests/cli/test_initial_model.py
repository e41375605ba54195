"""`train --from` and `train --resume` of a finished run."""

import csv
import json
import shutil

import numpy as np
import pytest
from contracts import few_at_first

from keras_seq2seq import open_artefact
from keras_seq2seq.training import CheckpointStore, RunDirectory, load_config


@pytest.fixture
def finished(training, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(training[0], path)
    return path


def test_a_finished_run_goes_on(command, finished):
    more = "--set=training.epochs=2"
    result = command("train", "--resume", finished, more)
    assert (result.code, result.out) == (0, f"{finished / 'model.keras'}\n"), result.err
    assert "Resuming at epoch 2, batch 1" in result.err and "rises again" in result.err
    run = RunDirectory(finished)
    assert json.loads(run.summary.read_text())["epochs"] == 2
    assert load_config(run.config).training.epochs == 2
    with open(run.metrics, newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    assert "is finished" in command("train", "--resume", finished, more).err
    fewer = command("train", "--resume", finished, "--set=training.epochs=1")
    assert fewer.code == 2 and "training.epochs is 1, but the run has done 2" in fewer.err


def test_a_model_that_was_removed_is_made_anew(command, finished):
    model = finished / "model.keras"
    before = open_artefact(model).model.get_weights()
    model.unlink()
    result = command("train", "--resume", finished)
    assert (result.code, result.out) == (0, f"{model}\n"), result.err
    assert "was missing: it is made anew from the checkpoint of epoch 1" in result.err
    for weights in zip(open_artefact(model).model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(*weights)
    model.unlink()
    shutil.rmtree(finished / "checkpoints")
    result = command("train", "--resume", finished)
    assert result.code == 2 and "no checkpoint to go on from" in result.err


@pytest.mark.parametrize("source", few_at_first(1, ["run", "keras"]))
def test_a_run_begins_with_a_trained_model(source, command, finished, corpus, tmp_path):
    path = finished if source == "run" else finished / "model.keras"
    other = tmp_path / "other.tsv"
    other.write_text("".join(corpus.read_text("utf-8").splitlines(True)[:20]), "utf-8")
    data = ["--train", other, "--valid", corpus, "--columns=2,1", "--run-dir", tmp_path / "new"]
    sets = ["--set=training.epochs=1", "--set=training.learning_rate=1e-9", "--set=model.dropout=0"]
    sets += ["--set=training.sample_translations=0", "--set=training.attention_images=0"]
    result = command("train", "--from", path, *data, *sets)
    assert result.code == 0, result.err
    assert "Learning the vocabulary" not in result.err
    old, new = RunDirectory(finished), RunDirectory(tmp_path / "new")
    model, before = (open_artefact(run.path).model for run in (new, old))
    for ours, theirs in zip(model.get_weights(), before.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    for side in ("source_vocabulary", "target_vocabulary"):
        assert getattr(new, side).read_bytes() == getattr(old, side).read_bytes()
    config = load_config(new.config)
    assert (config.model.units, config.model.dropout, config.data.max_source_length) == (16, 0, 16)
    assert new.config.read_text("utf-8").startswith("# The run began with a trained model")
    new.summary.unlink()
    assert command("train", "--resume", new.path).code == 0


def test_a_run_begins_in_the_direction_of_the_old_one(command, refused, finished, corpus, tmp_path):
    begin = ["train", "--from", finished, "--valid", corpus]
    for path in (finished, finished / "model.keras"):
        show = ["train", "--show-config", "--from", path, "--valid", corpus]
        result = command(*show, "--train", corpus)
        assert 'columns = "2,1"' in result.out
        assert f"Source and target are columns 2,1 of {corpus}, as in {finished}" in result.err
    for said in (["--columns=1,2"], ["--set=data.columns=1,2"], ["--columns=2,3"]):
        result = command(*begin, "--train", corpus, "--show-config", *said)
        assert f'columns = "{said[0][-3:]}"' in result.out and result.err == ""
    (tmp_path / "c.toml").write_text('[data]\ncolumns = "1,2"\n')
    result = command("train", tmp_path / "c.toml", *begin[1:], "--train", corpus, "--show-config")
    assert 'columns = "1,2"' in result.out and result.err == ""
    assert "say --columns 1,2 or" in refused(*begin)  # the built-in corpus is of another kind
    alone = shutil.copy(finished / "model.keras", tmp_path)
    result = command("train", "--show-config", "--from", alone, "--train", corpus)
    assert 'columns = "1,2"' in result.out and "are columns 1,2 of" in result.err


def test_what_comes_from_the_model_is_not_contradicted(refused, finished, tmp_path):
    train = ["train", "--from", finished, "--run-dir", tmp_path / "new"]
    said = refused(*train, "--set=model.units=160")
    assert "model.units is 160, but that of the model the run begins with is 16" in said
    assert "text.tokenizer is 'byte'" in refused(*train, "--set=text.tokenizer=byte")
    assert "model.preset is 'tiny'" in refused(*train, "--preset=tiny")
    said = refused("train", "recipe:related_languages", *train[1:])
    assert "text.vocabulary_size is 6000" in said and "come from it" in said
    assert "leave out" in refused("train", "--resume", finished, "--from", finished)
    assert "does not exist" in refused("train", "--from", tmp_path / "nowhere")
    assert not (tmp_path / "new").exists()


def test_a_preset_that_is_asked_for_wins_over_the_file(command):
    show = ["train", "recipe:quickstart", "--show-config"]
    for preset, units in (("tiny", 64), ("small", 160)):
        shown = command(*show, "--preset", preset).out
        assert f'preset = "{preset}"\n' in shown and f"\nunits = {units}\n" in shown
    shown = command(*show, "--preset=tiny", "--set=model.units=9").out
    assert "\nunits = 9\n" in shown and "vocabulary_size = 1600" in shown
    assert "\nunits = 9\n" in command(*show, "--set=model.units=9", "--set=model.preset=tiny").out


def swap(path):
    source, target = (path / f"{side}_vocabulary.json" for side in ("source", "target"))
    kept = source.read_bytes()
    source.write_bytes(target.read_bytes())
    target.write_bytes(kept)


def edit(path):
    file = path / "target_vocabulary.json"
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")


def foreign_model(path):
    model = open_artefact(path / "model.keras").model
    model.save(path / "model.keras")  # the same, but not the file


@pytest.mark.parametrize("change", [swap, edit, foreign_model])
def test_what_is_not_the_run_s_is_refused(change, refused, finished):
    change(finished)
    resumed = refused("train", "--resume", finished, "--set=training.epochs=2")
    assert "is not the file that was written there" in resumed and "put the right one" in resumed
    for command in (["generate", finished], ["export", finished, "--tflite", "x.tflite"]):
        assert "is not the file that was written there" in refused(*command, stdin=b"x\n")


def test_a_vocabulary_that_was_removed_is_learnt_again_the_same(command, finished):
    run = RunDirectory(finished)
    before = [path.read_bytes() for path in (run.source_vocabulary, run.target_vocabulary)]
    run.target_vocabulary.unlink()
    result = command("train", "--resume", finished, "--set=training.epochs=2")
    assert result.code == 0 and "Learning the vocabulary" in result.err
    assert before == [p.read_bytes() for p in (run.source_vocabulary, run.target_vocabulary)]


def test_a_run_of_an_earlier_version_goes_on(command, finished):
    run = RunDirectory(finished)
    run.file_hashes.unlink()
    run.summary.unlink()
    for path in run.checkpoints.iterdir():
        checkpoint = CheckpointStore(run.checkpoints).read((0, 0))
        checkpoint = type(checkpoint).read(path)
        for name in ("files", "planned_epochs"):
            del checkpoint.state[name]
        del checkpoint.state["callbacks"]["BestModel/0"]["sha256"]
        del checkpoint.state["callbacks"]["LearningWatch/0"]
        checkpoint.write(path)
    assert command("train", "--resume", finished).code == 0
    assert set(json.loads(run.file_hashes.read_text())) >= {"source_vocabulary.json"}
