"""Which pairs a model is scored on, where the user does not say; no model is needed for that."""

from pathlib import Path

import pytest

from keras_seq2seq.data import CorpusError, SentencePairs, read_pairs
from keras_seq2seq.training import RunDirectory, load_config
from keras_seq2seq.training.configuration.config_file import commented_toml
from keras_seq2seq.training.runs.fingerprint import data_fingerprint
from keras_seq2seq.training.runs.scored_pairs import learnt_pairs, pairs_to_score

SPELLED = "".join(f"target {n}\tsource {n}\tcredit\n" for n in range(300))


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.tsv").write_text(SPELLED)
    return tmp_path


def begin(name, *overrides, pairs=None):
    """A run directory as a run leaves it, but for the model."""
    config = load_config(None, overrides)
    run = RunDirectory(Path("runs") / name).create()
    run.write_text("config.toml", commented_toml(config))
    train, valid = map(data_fingerprint, pairs or config.data.read())
    run.write_json("data_fingerprint.json", {"train": train, "valid": valid})
    return run.path


def refused(*arguments, **options):
    with pytest.raises(ValueError) as caught:
        pairs_to_score(*arguments, **options)
    return str(caught.value)


def test_a_run_on_own_pairs_is_scored_on_those_it_held_out(mine):
    run = begin("kor", "data.train=mine.tsv", "data.columns=2,1")
    scored = pairs_to_score([run])
    assert len(scored.pairs) == 20 and all(s.startswith("source") for s in scored.pairs.sources)
    assert scored.to_dict() == {
        "test": "mine.tsv (held out)",
        "columns": "2,1",
        "chose_best_epoch": True,
    }
    (note,) = scored.notes
    assert "the 20 pairs that it held out are scored" in note and "chose its best epoch" in note
    learnt = learnt_pairs(RunDirectory(run))
    assert len(learnt) == 280 and not set(learnt) & set(scored.pairs)


def test_a_run_with_a_validation_corpus_is_scored_on_that(mine):
    (mine / "valid.tsv").write_text("a\tb\nc\td\n")
    run = begin("kor", "data.train=mine.tsv", "data.valid=valid.tsv")
    scored = pairs_to_score([run])
    assert list(scored.pairs) == [("a", "b"), ("c", "d")] and scored.chose_best_epoch
    assert "validated on" in scored.notes[0]


def test_the_phrasebook_is_for_runs_on_the_phrasebook(mine):
    scored = pairs_to_score([begin("book")])
    assert (scored.test, scored.chose_best_epoch) == ("phrasebook:test", False)
    swapped = pairs_to_score([begin("turned", "data.columns=2,1")])
    assert swapped.pairs.sources == scored.pairs.targets
    # Its test split is no test of a run that learnt from it.
    other = begin("other", "data.train=phrasebook:test")
    assert pairs_to_score([other]).test == "phrasebook:test (held out)"


@pytest.mark.parametrize("valid", ["held_out", "valid.tsv"])
def test_pairs_that_have_changed_are_not_scored(mine, valid):
    (mine / "valid.tsv").write_text("a\tb\n")
    run = begin("kor", "data.train=mine.tsv", f"data.valid={valid}")
    changed = "mine.tsv" if valid == "held_out" else valid
    (mine / changed).write_text((mine / changed).read_text().replace("\t", "x\t"))
    said = refused([run])
    assert f"{changed} has changed since {run} began" in said and "--test FILE" in said
    (run / "data_fingerprint.json").unlink()
    assert "has changed" in refused([run])
    assert len(pairs_to_score([run], "mine.tsv").pairs) == 300  # what is said is done


def test_a_run_with_given_pairs_knows_none(mine):
    run = begin("given", pairs=[SentencePairs(["a"], ["b"]), SentencePairs(["c"], ["d"])])
    assert "learnt from pairs that it was given (memory)" in refused([run])


def test_a_model_without_a_run_knows_none(mine):
    (mine / "model.keras").touch()
    said = refused([mine / "model.keras"])
    assert "belongs to no run" in said and "--test FILE" in said
    assert "--test FILE" in refused([])
    assert pairs_to_score([mine / "model.keras"], "mine.tsv").columns == "1,2"


def test_columns_are_those_of_the_run_unless_said(mine):
    run = begin("kor", "data.train=mine.tsv", "data.columns=2,1")
    scored = pairs_to_score([run], "mine.tsv")
    assert scored.pairs.sources[0] == "source 0" and len(scored.pairs) == 300
    assert scored.notes == [f"Source and target are columns 2,1 of mine.tsv, as in {run}."]
    told = pairs_to_score([run], "mine.tsv", "1,2")
    assert told.pairs.sources[0] == "target 0" and told.notes == []


@pytest.mark.parametrize("inside", ["model.keras", "model.tflite", "saved_model/1"])
def test_what_lies_in_a_run_is_of_the_run(mine, inside):
    run = begin("kor", "data.train=mine.tsv", "data.columns=2,1")
    assert pairs_to_score([run / inside], "mine.tsv").columns == "2,1"
    assert len(pairs_to_score([run / inside]).pairs) == 20


def test_columns_of_a_table_are_not_those_of_two_files(mine):
    for name in ("t.ko", "t.en"):
        (mine / name).write_text("a\n")
    run = begin("kor", "data.train=mine.tsv", "data.columns=2,1")
    assert "t.ko,t.en is a pair of files: say --columns" in refused([run], "t.ko,t.en")
    assert pairs_to_score([run], "t.ko,t.en", "1,2").pairs.sources == ["a"]
    straight = begin("straight", "data.train=mine.tsv")
    assert pairs_to_score([straight], "t.ko,t.en").columns == "1,2"


def test_several_runs_must_agree(mine):
    one = begin("one", "data.train=mine.tsv", "data.columns=2,1")
    two = begin("two", "data.train=mine.tsv", "data.columns=2,1", "training.seed=2")
    turned = begin("turned", "data.train=mine.tsv")
    assert list(pairs_to_score([one, two]).pairs) == list(pairs_to_score([one]).pairs)
    assert "not validated on the same pairs" in refused([one, turned])
    said = refused([one, turned], "mine.tsv")
    assert "different columns: 2,1 (runs/one) and 1,2 (runs/turned)" in said


def test_blank_references_are_told_and_nothing_else_is_refused(mine):
    (mine / "blank.tsv").write_text("a\t \nb\t\n")
    (mine / "some.tsv").write_text("a\tb\n\nc\t\n")
    run = begin("kor", "data.train=mine.tsv")
    with pytest.raises(CorpusError, match="blank.tsv: all of 2 references are blank"):
        pairs_to_score([run], "blank.tsv")
    scored = pairs_to_score([run], "some.tsv")
    assert "2 of 3 references of some.tsv are blank (line 2, 3)" in scored.notes[-1]


def test_run_configurations_read_what_they_say(mine):
    config = load_config(None, ["data.train=mine.tsv"])
    train, valid = config.data.read()
    assert (len(train), len(valid)) == (280, 20)
    assert list(config.data.read_train()) == list(train)
    book = load_config().data
    assert list(book.read()[1]) == list(read_pairs("phrasebook:valid"))
