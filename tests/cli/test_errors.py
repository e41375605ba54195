"""What a user can mend: one line, exit code 2, nothing lost and nothing left behind."""

import json
import os
import shutil
import zipfile

import keras
import pytest

from keras_seq2seq.cli.train_command import open_run
from keras_seq2seq.specs.seal import sealed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "training.epoch=3"], "Did you mean training.epochs?"),
        (["--set", "model.units=many"], "a whole number is expected"),
        (["--set", "units=3"], "Write section.key=value"),
        (["--columns", "1;2"], "columns '1;2' are not understood"),
        (["--train", "nowhere.tsv"], "There is no file nowhere.tsv"),
        (["--train", "phrasebook:tests"], "Did you mean"),
        (["nowhere.toml"], "There is no configuration nowhere.toml"),
        (["--set", "training.distribute=miror"], "Did you mean 'mirrored'?"),
        (["--set", "training.distribute=multiworker"], "nothing says who the workers are"),
        (["--set", "training.distribute=data_parallel"], "needs KERAS_BACKEND=jax"),
        (["--set", "training.distribute=multiworker", "--workers", "a:1"], "go together"),
        (["--workers", "a:1,b:1", "--worker", "0"], 'training.distribute = "none"'),
    ],
)
def test_train_refuses(refused, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert message in refused("train", *arguments, "--run-dir", tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_train_names_file_and_line(refused, tmp_path):
    files = {"bad.toml": "[model\nunits = 3\n", "few.tsv": "a\tb\nonly one\n", "broken.tsv": ""}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "broken.tsv").write_bytes(b"a\tb\nc\t\xff\n")
    run = ["--run-dir", tmp_path / "run"]
    assert "bad.toml, line 1" in refused("train", tmp_path / "bad.toml", *run)
    corpus = ["train", *run, "--train"]
    assert "few.tsv, line 2: no tab found" in refused(*corpus, tmp_path / "few.tsv")
    assert "broken.tsv, line 2: byte 3" in refused(*corpus, tmp_path / "broken.tsv")
    assert sorted(os.listdir(tmp_path)) == sorted(files)


def test_a_run_needs_a_directory_of_its_own(refused, settings, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "is a file" in refused("train", *settings, "--run-dir", tmp_path / "file")
    assert "cannot be created" in refused("train", *settings, "--run-dir", tmp_path / "file" / "x")
    assert "holds other files" in refused("train", *settings, "--run-dir", tmp_path)
    assert os.listdir(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission(refused, settings, artefacts, tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "denied" in refused("train", *settings, "--run-dir", tmp_path / "run")
        assert "denied" in refused("export", artefacts["keras"], "--saved-model", tmp_path / "sm")
    finally:
        tmp_path.chmod(0o700)


def test_a_run_that_cannot_begin_leaves_nothing(refused, settings, tmp_path):
    told = ["Learning the vocabulary"]
    arguments = [*settings, "--set=data.max_source_length=2", "--run-dir", tmp_path / "run"]
    assert "are over-long" in refused("train", *arguments, before=told)
    assert os.listdir(tmp_path) == []


# === A trained model is not lost ===


@pytest.fixture
def old_run(training, tmp_path):
    path = tmp_path / "old"
    shutil.copytree(training[0], path)
    return path


def content(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_a_trained_model_stays_unless_told_otherwise(refused, settings, old_run):
    (old_run / "notes.txt").write_text("dear")
    before = content(old_run)
    for name in ("train", "quickstart"):
        more = settings if name == "train" else []
        assert "holds a trained model already" in refused(name, *more, "--run-dir", old_run)
    assert content(old_run) == before


@pytest.mark.parametrize(
    ("fault", "told"),
    [("--set=data.max_source_length=2", ["Learning the vocabulary"]), ("--train=nowhere.tsv", [])],
)
def test_a_trained_model_stays_if_the_new_run_fails(refused, settings, old_run, fault, told):
    before = content(old_run)
    refused("train", *settings, fault, "--run-dir", old_run, "--overwrite", before=told)
    assert content(old_run) == before and os.listdir(old_run.parent) == ["old"]


def test_a_new_run_replaces_the_old_one_whole(old_run, training):
    with open_run(old_run, overwrite=True) as directory:
        assert os.listdir(old_run) == [".lock"]
        shutil.copytree(training[0], directory.path, dirs_exist_ok=True)
    assert content(old_run) == content(training[0])
    assert os.listdir(old_run.parent) == ["old"]


def test_an_interrupted_run_with_a_model_is_kept(old_run, training):
    with pytest.raises(KeyboardInterrupt), open_run(old_run, overwrite=True) as directory:
        shutil.copytree(training[0], directory.path, dirs_exist_ok=True)
        raise KeyboardInterrupt
    assert content(old_run) == content(training[0])


# === Text ===


def test_generate_refuses_what_is_no_text(refused, artefacts, tmp_path):
    model = artefacts["keras"]
    assert "standard input, line 2" in refused("generate", model, stdin=b"ok\n\xff\xfe\n")
    assert "standard input is empty" in refused("generate", model)
    assert "There is no file" in refused("generate", model, tmp_path / "nothing.txt")
    assert "is a directory" in refused("generate", model, tmp_path)


def test_evaluate_refuses_before_it_translates(refused, artefacts, corpus, tmp_path):
    evaluate = ["evaluate", artefacts["keras"], "--test", corpus]
    assert "column 9 is wanted" in refused(*evaluate, "--columns", "1,9")
    assert "Did you mean '13a'?" in refused(*evaluate, "--tokenize", "13b")
    assert "does not exist" in refused(*evaluate, "--output", tmp_path / "no" / "out.txt")
    assert "is a directory" in refused(*evaluate, "--output", tmp_path)
    assert "Did you mean 'de'?" in refused(*evaluate, "--language", "deu")
    (tmp_path / "file").write_text("mine")
    assert "cannot be a directory" in refused(*evaluate, "--report", tmp_path / "file")
    gone = ["--report", tmp_path / "report", "--train", "nowhere.tsv"]
    assert "There is no file nowhere.tsv" in refused(*evaluate, *gone)
    assert os.listdir(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "mine"


def test_compare_refuses_before_it_translates(refused, artefacts, corpus, tmp_path):
    compare = ["compare", "--test", corpus, "--columns", "2,1"]
    assert "two systems or more" in refused(*compare, artefacts["run"])
    assert "is named twice" in refused(*compare, artefacts["run"], artefacts["run"])
    assert "does not exist" in refused(*compare, artefacts["run"], tmp_path / "gone.txt")
    short = tmp_path / "short.txt"
    short.write_text("one\ntwo\n")
    said = refused(*compare, artefacts["run"], short)
    assert "short.txt has 2 lines, but the corpus has 60 pairs" in said


# === Export ===


def test_export_refuses_what_cannot_be_done(refused, artefacts, tmp_path):
    for name, kind in (("tflite", "tflite"), ("served", "saved_model")):
        message = refused("export", artefacts[name], "--tflite", tmp_path / "x.tflite")
        assert f"is a {kind}; only a run or .keras file" in message
    model = artefacts["keras"]
    assert "Nothing to export" in refused("export", model)
    assert "must end in .tflite" in refused("export", model, "--tflite", tmp_path / "x.lite")
    served = ("--saved-model", tmp_path / "sm")
    assert "give --tflite" in refused("export", model, *served, "--text")
    assert "--n-best 9 results need --beam 9, got 4" in refused(
        "export", model, *served, "--n-best", 9
    )
    (tmp_path / "blank.txt").write_text("\n \n")
    message = refused("export", model, *served, "--check-on", tmp_path / "blank.txt")
    assert "blank lines only" in message
    (tmp_path / "blank.txt").unlink()
    said = refused("export", model, "--saved-model", tmp_path / "sm", "--name", "x")
    assert "--name is about what is served: give --serving" in said
    serving = ("export", model, "--serving", tmp_path / "kit")
    assert "not fit for a URL" in refused(*serving, "--name", "a/b")
    assert "cannot be read" in refused(*serving, "--scores", tmp_path / "none.json")
    (tmp_path / "d.tflite").mkdir()
    assert "is a directory" in refused("export", model, "--tflite", tmp_path / "d.tflite")
    (tmp_path / "file").touch()
    assert "is a file" in refused("export", model, "--saved-model", tmp_path / "file")
    assert "file" in refused("export", model, "--saved-model", tmp_path / "file" / "deeper")
    assert sorted(os.listdir(tmp_path)) == ["d.tflite", "file"]


def test_text_in_tflite_needs_sentencepiece(refused, tmp_path):
    from keras_seq2seq import CharacterTokenizer, Seq2Seq, TextSeq2Seq

    letters = CharacterTokenizer.learn(["abc"], 20)
    size = letters.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4)
    model = TextSeq2Seq(seq2seq, letters, letters)
    model.save(tmp_path / "letters.keras")
    message = refused(
        *("export", tmp_path / "letters.keras", "--saved-model", tmp_path / "served"),
        *("--tflite", tmp_path / "m.tflite", "--text"),
    )
    assert "needs SentencePiece on both sides" in message and "CharacterTokenizer" in message
    assert os.listdir(tmp_path) == ["letters.keras"]


# === Broken artefacts ===


def test_what_is_no_model(refused, tmp_path):
    assert "does not exist" in refused("inspect", tmp_path / "nothing.keras")
    assert "holds no SavedModel" in refused("inspect", tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert "is no model" in refused("inspect", tmp_path / "notes.txt")
    (tmp_path / "text.keras").write_text("x")
    assert "is not a .keras file" in refused("inspect", tmp_path / "text.keras")
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    assert "not a TextSeq2Seq" in refused("inspect", tmp_path / "other.keras")


def test_a_directory_of_runs_or_a_run_without_a_model(refused, training, tmp_path):
    runs = training[0].parent
    for name in ("generate", "inspect", "evaluate"):
        said = refused(name, runs, stdin=b"a")
        assert str(training[0]) in said
        assert name == "evaluate" or "is no model but holds 1 of them" in said
    shutil.copytree(training[0], tmp_path / "begun")
    (tmp_path / "begun" / "model.keras").unlink()
    assert "is a run without a model.keras" in refused("generate", tmp_path / "begun", stdin=b"a")


@pytest.mark.parametrize("left", [0, 100, 0.5, -1])
def test_a_keras_file_that_was_cut_off(refused, artefacts, tmp_path, left):
    file = tmp_path / "cut.keras"
    data = artefacts["keras"].read_bytes()
    file.write_bytes(data[: int(left * len(data)) if isinstance(left, float) else left])
    assert "cut.keras" in refused("inspect", file)


def test_a_keras_file_with_broken_bytes(refused, artefacts, tmp_path):
    file = tmp_path / "broken.keras"
    data = bytearray(artefacts["keras"].read_bytes())
    middle = slice(len(data) // 2, len(data) // 2 + 200)
    data[middle] = bytes(byte ^ 0xFF for byte in data[middle])  # zeros may have stood there
    file.write_bytes(data)
    assert "broken.keras is not a readable .keras model" in refused("inspect", file)


@pytest.mark.parametrize("part", ["assets", "model.weights.h5", "config.json"])
def test_a_keras_file_without_a_part(refused, artefacts, tmp_path, part):
    file = tmp_path / "part.keras"
    with zipfile.ZipFile(artefacts["keras"]) as old, zipfile.ZipFile(file, "w") as new:
        kept = [name for name in old.namelist() if not name.startswith(part)]
        assert len(kept) < len(old.namelist())
        for name in kept:
            new.writestr(name, old.read(name))
    assert "part.keras" in refused("inspect", file)


@pytest.mark.parametrize("part", ["variables", "variables/variables.index", "saved_model.pb"])
def test_a_saved_model_without_a_part(refused, artefacts, tmp_path, part):
    broken = tmp_path / "broken"
    shutil.copytree(artefacts["version"], broken)
    victim = broken / part
    shutil.rmtree(victim) if victim.is_dir() else victim.unlink()
    assert str(broken) in refused("generate", broken, stdin=b"a\n")


@pytest.mark.parametrize("part", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_saved_model_with_a_part_cut_off(refused, artefacts, tmp_path, part):
    broken = tmp_path / "broken"
    shutil.copytree(artefacts["version"], broken)
    data = (broken / part).read_bytes()
    (broken / part).write_bytes(data[: len(data) // 2])
    message = refused("generate", broken, stdin=b"a\n")
    assert f"{broken / part} is not the file that was exported, or was damaged" in message
    manifest = broken / "assets.extra" / "keras_seq2seq.json"  # of format 1, which had no hashes
    known = json.loads(manifest.read_text("utf-8"))
    old = {key: value for key, value in known.items() if key not in ("seal", "files")}
    manifest.write_text(json.dumps({**old, "format": 1}), "utf-8")
    message = refused("generate", broken, stdin=b"a\n")
    assert f"{broken} is not a whole SavedModel" in message and not message.endswith(":")


@pytest.mark.parametrize("name", ["tflite", "text"])
@pytest.mark.parametrize("left", [0, 7, 1000, 0.5, -8])
def test_a_tflite_file_that_was_cut_off(refused, artefacts, tmp_path, name, left):
    file = tmp_path / "cut.tflite"
    data = artefacts[name].read_bytes()
    file.write_bytes(data[: int(left * len(data)) if isinstance(left, float) else left])
    shutil.copy(f"{artefacts[name]}.json", f"{file}.json")
    assert "cut.tflite is not the file that" in refused("inspect", file)


def test_a_manifest_that_is_missing_or_broken(refused, artefacts, tmp_path):
    file, manifest = tmp_path / "m.tflite", tmp_path / "m.tflite.json"
    shutil.copy(artefacts["tflite"], file)
    assert "m.tflite.json is missing" in refused("inspect", file)
    good = json.loads(artefacts["tflite"].with_suffix(".tflite.json").read_text("utf-8"))

    def message(text):
        manifest.write_text(text, "utf-8")
        return refused("inspect", file)

    assert "is not JSON" in message("{")
    assert "is not JSON" in message("\0")

    def changed(**facts):
        return json.dumps(sealed({key: v for key, v in {**good, **facts}.items() if key != "seal"}))

    assert "is not a manifest of format 1 or 2" in message("[1]")
    assert "is not a manifest of format 1 or 2" in message(changed(format=4))
    assert "signature is 'None'" in message('{"format": 1}')
    assert "its seal does not fit" in message(json.dumps({**good, "max_source_length": 17}))
    assert "int is expected" in message(changed(max_source_length="16"))
    short = {**good["vocabularies"][0], "types": "1"}
    for records in ([], [{"kind": "words"}], [short, short]):
        assert "m.tflite.json is broken" in message(changed(vocabularies=records))
    manifest.write_bytes(b"\xff\xfe")
    assert "is not JSON" in refused("inspect", file)


def test_a_note_in_a_saved_model_that_is_broken(refused, artefacts, tmp_path):
    shutil.copytree(artefacts["version"], tmp_path / "sm")
    (tmp_path / "sm" / "assets.extra" / "keras_seq2seq.json").write_text("{")
    assert "is not JSON" in refused("inspect", tmp_path / "sm")


# === Plots ===


def test_plot_refuses(refused, training, tmp_path):
    run = training[0]
    assert "has no metrics.csv" in refused("plot", tmp_path)
    assert "does not exist" in refused("plot", run, tmp_path / "gone")
    assert "needs the ending" in refused("plot", run, "--output", tmp_path / "curves.jpeg2")
    said = refused("plot", run, "--monitor", "val_los", "--output", tmp_path / "x.png")
    assert "Did you mean 'val_loss'?" in said
    assert os.listdir(tmp_path) == []
