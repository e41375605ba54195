"""What commands do where no optional flag is given: pairs, columns, and what is said of them."""

import json
import shutil

import pytest

from keras_seq2seq.data import read_pairs
from keras_seq2seq.training.recovery.checkpoint import Checkpoint


@pytest.fixture(scope="module")
def mine(corpus, tmp_path_factory):
    """English, Korean, 120 pairs and two that are written differently alone."""
    path = tmp_path_factory.mktemp("mine") / "mine.tsv"
    rows = [line.split("\t")[:2] for line in corpus.read_text("utf-8").splitlines()]
    rows += [(f"Now: {english}", f"지금 {korean}") for english, korean in rows]
    rows += [
        ("There is  an apple.", "사과이 있어요."),
        ("There is an\u00a0apple.", "사과이 있어요."),
    ]
    path.write_text("".join(f"{english}\t{korean}\n" for english, korean in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def run(mine, settings, command, tmp_path_factory):
    """(directory, what `train` said) of a run without --valid."""
    path = tmp_path_factory.mktemp("runs") / "mine"
    small = [argument for argument in settings if str(argument).startswith("--set=")]
    small += [f"--set=data.max_{side}_length=40" for side in ("source", "target")]
    result = command("train", "--train", mine, "--columns", "2,1", *small, "--run-dir", path)
    assert result.code == 0, result.err
    return path, result


def test_a_run_without_valid_holds_pairs_out_and_says_so(run, mine):
    path, result = run
    assert f"20 pairs of {mine} are held out for validation" in result.err
    assert "122 pairs read, 100 kept (2 duplicate, 20 held-out)" in " ".join(result.err.split())
    facts = json.loads((path / "data_report.json").read_text("utf-8"))
    assert facts["train"]["held_out"] == facts["valid"]["kept"] == 20
    assert facts["valid"]["in_train"] == {"pairs": 0, "sources": 0}
    found = json.loads((path / "data_fingerprint.json").read_text("utf-8"))["valid"]
    assert found["pairs"] == 20 and len(found["sha256"]) == 64
    assert found["held_out"] == {"of": str(mine), "pairs": 20, "seed": 1}
    assert 'valid = "held_out"' in (path / "config.toml").read_text("utf-8").splitlines()


def test_the_facts_of_the_pairs_are_shown_before_the_first_epoch(run):
    _, result = run
    table, _, rest = result.err.partition("epoch 1/1")
    for word in ("unknown", "median", "longest", "train", "valid", "source", "0 pairs"):
        assert word in table and rest
    assert max(map(len, table.splitlines()[-10:])) <= 80


def test_evaluate_scores_what_was_held_out(run, mine, command):
    path, _ = run
    result = command("evaluate", path, "--json")
    assert result.code == 0, result.err
    scores = json.loads(result.out)
    assert (scores["sentences"], scores["columns"], scores["chose_best_epoch"]) == (20, "2,1", True)
    assert scores["test"] == f"{mine} (held out)"
    assert scores["data"]["in_train"] == {"pairs": 0, "sources": 0}
    assert "the 20 pairs that it held out are scored" in result.err
    shown = command("evaluate", path / "model.keras")
    assert shown.code == 0 and "(held" in shown.out and "held out are scored" in shown.err


def test_compare_takes_what_both_runs_held_out(run, command, tmp_path):
    path, _ = run
    other, output = tmp_path / "other", tmp_path / "hypotheses.txt"
    shutil.copytree(path, other)
    assert command("evaluate", path, "--output", output).code == 0
    result = command("compare", path, other, output, "--json", "--resamples", 40)
    found = json.loads(result.out)
    assert found["sentences"] == 20 and found["chose_best_epoch"] is True
    assert {row["difference"] for row in found["scores"]} == {None, 0.0}


def test_columns_are_those_of_the_run(run, mine, command):
    path, _ = run
    test = ["--test", mine, "--json"]
    result = command("evaluate", path, *test)
    told = command("evaluate", path, *test, "--columns", "2,1")
    ours, theirs = (json.loads(r.out) for r in (result, told))
    assert ours["bleu"] == theirs["bleu"] and ours["columns"] == theirs["columns"] == "2,1"
    assert f"columns 2,1 of {mine}, as in {path}" in result.err and "as in" not in told.err
    turned = command("evaluate", path, *test, "--columns", "1,2")
    assert json.loads(turned.out)["columns"] == "1,2"
    assert "of the source tokens are unknown" in turned.err  # that is what tells the user
    scored = command("score", path, mine)
    assert scored.out == command("score", path, mine, "--columns", "2,1").out
    assert f"columns 2,1 of {mine}" in scored.err


def test_columns_that_nobody_knows_are_told(run, mine, command, tmp_path):
    alone = shutil.copy(run[0] / "model.keras", tmp_path)
    for name, test in (("evaluate", ["--test", mine]), ("score", [mine])):
        result = command(name, alone, *test)
        assert f"Source and target are columns 1,2 of {mine}." in result.err, result.err
        told = command(name, alone, *test, "--columns", "2,1")
        assert "Source and target" not in told.err


@pytest.mark.slow
def test_a_model_that_was_put_into_a_run_knows_nothing_of_it(
    run, training, mine, command, refused, tmp_path
):
    path = tmp_path / "run"
    shutil.copytree(run[0], path)
    strange, copied = path / "from_other.keras", path / "best.keras"
    shutil.copy(training[0] / "model.keras", strange)
    shutil.copy(path / "model.keras", copied)
    assert "belongs to no run" in refused("evaluate", strange)
    assert "columns 1,2 of" in command("evaluate", strange, "--test", mine).err
    assert f"columns 2,1 of {mine}, as in {path}" in command("evaluate", copied, "--test", mine).err
    (path / "file_hashes.json").unlink()  # a run of an earlier version wrote none
    assert "the 20 pairs that it held out" in command("evaluate", strange).err


def test_scores_of_what_was_learnt_are_told(run, mine, command, tmp_path):
    result = command("evaluate", run[0], "--test", mine)
    assert "102 of 122 pairs are in train as well" in result.err
    other = tmp_path / "other.txt"
    other.write_text("a book\n" * 122, "utf-8")
    result = command("compare", other, run[0], "--test", mine, "--resamples", 40)
    assert f"{run[0]}: {mine}: 102 of 122 pairs are in train as well" in result.err


def test_validating_on_what_is_learnt_is_told(training):
    _, result = training
    assert "warning: valid: 60 of 60 pairs are in train as well." in result.err


def test_blank_references(run, command, refused, tmp_path):
    blank, some = tmp_path / "blank.tsv", tmp_path / "some.tsv"
    blank.write_text("\t책이 있어요.\n \t\n", "utf-8")
    some.write_text("\t\nThere is a book.\t책이 있어요.\n", "utf-8")
    for name in ("evaluate", "score"):
        pairs = [blank] if name == "score" else ["--test", blank]
        assert "all of 2 references are blank" in refused(name, run[0], *pairs)
    result = command("evaluate", run[0], "--test", some, "--json")
    scores = json.loads(result.out)
    assert scores["exact_match"] <= 50 and scores["data"]["blank_references"] == 1
    assert "warning: 1 of 2 references" in result.err and "(line 1)" in result.err


def test_too_few_pairs_are_refused_and_leave_nothing(corpus, refused, tmp_path):
    said = refused("train", "--train", corpus, "--run-dir", tmp_path / "run")
    assert "has 60 pairs, too few to hold some out" in said and "--valid FILE" in said
    assert list(tmp_path.iterdir()) == []


# === Going on ===


@pytest.fixture
def unfinished(run, mine, tmp_path):
    """A copy of the run that is not finished, on a copy of its corpus."""
    path, corpus = tmp_path / "run", tmp_path / "copy.tsv"
    shutil.copytree(run[0], path)
    shutil.copy(mine, corpus)
    (path / "training_summary.json").unlink()

    def here(state):
        state["config"]["data"]["train"] = str(corpus)

    rewrite(path, here)
    config = (path / "config.toml").read_text("utf-8")
    (path / "config.toml").write_text(config.replace(str(mine), str(corpus)), "utf-8")
    return path, corpus


def rewrite(path, change):
    for file in (path / "checkpoints").iterdir():
        checkpoint = Checkpoint.read(file)
        change(checkpoint.state)
        checkpoint.write(file)


def test_a_run_goes_on_with_the_pairs_it_held_out(unfinished, command, refused):
    path, corpus = unfinished
    text = corpus.read_text("utf-8")
    held = set(read_pairs(str(corpus), (2, 1)).sources)
    corpus.write_text(text + "A new one.\t새로운 것.\n", "utf-8")
    said = refused("train", "--resume", path)
    assert "have changed since" in said and len(held) > 100
    corpus.write_text("".join(reversed(text.splitlines(keepends=True))), "utf-8")
    assert "have changed since" in refused("train", "--resume", path)
    corpus.write_text(text, "utf-8")
    result = command("train", "--resume", path)
    assert result.code == 0 and "Resuming at epoch" in result.err
    assert "100 kept (2 duplicate, 20 held-out)" in " ".join(result.err.split())


def test_a_run_of_an_older_version_keeps_the_pairs_it_had(unfinished, command):
    path, _ = unfinished
    rewrite(path, lambda state: state.pop("drops_alike"))
    result = command("train", "--resume", path)
    assert result.code == 0 and "102 kept (20 held-out)" in " ".join(result.err.split())
