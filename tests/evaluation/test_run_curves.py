import math

import pytest

from keras_seq2seq.evaluation import RunCurves

HEADER = "epoch,loss,val_loss,val_bleu,note\n"


@pytest.fixture
def run(tmp_path):
    def write(text, name="run"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "metrics.csv").write_text(text, "utf-8")
        return folder

    return write


def test_columns_are_read_by_epoch_from_one(run):
    curves = RunCurves.read(run(HEADER + "0,3.0,3.5,10,a\n1,2.0,2.5,20,b\n"))
    assert curves.name == "run" and curves.epochs == [1, 2]
    assert curves.columns == {"loss": [3, 2], "val_loss": [3.5, 2.5], "val_bleu": [10, 20]}


def test_files_that_count_from_one_and_older_ones_are_told_apart(run):
    old = RunCurves.read(run(HEADER + "0,3.0,3.5,10,a\n1,2.0,2.5,20,b\n", "old"))
    new = RunCurves.read(run(HEADER + "1,3.0,3.5,10,a\n2,2.0,2.5,20,b\n", "new"))
    assert old.epochs == new.epochs == [1, 2] and old.columns == new.columns
    assert old.best_epoch() == new.best_epoch() == 2


def test_a_directory_of_runs_says_which_there_are(run, tmp_path):
    run(HEADER + "1,3.0,3.5,10,a\n", "first")
    with pytest.raises(ValueError, match=r"has no metrics.csv.* There are .*first\."):
        RunCurves.read(tmp_path)


def test_of_an_epoch_written_twice_the_last_counts(run):
    text = HEADER + "0,3,3,1,a\n1,2,9,2,a\n2,9,9,9,a\n1,2,2.5,2,a\n2,1,1.5,3,a\n"
    curves = RunCurves.read(run(text))
    assert curves.epochs == [1, 2, 3] and curves.columns["val_loss"] == [3, 2.5, 1.5]


def test_a_second_header_and_a_line_cut_off_are_passed_over(run):
    curves = RunCurves.read(run(HEADER + "0,3,3,1,a\n" + HEADER + "1,2,2,2,a\n2,1.5,1"))
    assert curves.epochs == [1, 2]


def test_what_is_missing_is_nan(run):
    curves = RunCurves.read(run(HEADER + "0,3,3,,a\n1,nan,2,5,a\n"))
    assert math.isnan(curves.columns["loss"][1]) and math.isnan(curves.columns["val_bleu"][0])
    assert "note" not in curves.columns


@pytest.mark.parametrize(
    ("monitor", "best"), [("val_loss", 2), ("val_bleu", 3), ("val_token_accuracy", 1), ("x", None)]
)
def test_the_best_epoch_depends_on_the_monitor(monitor, best):
    columns = {
        "val_loss": [3, 2, 2, math.nan],
        "val_bleu": [math.nan, 20, 30, 25],
        "val_token_accuracy": [0.5, 0.5, 0.4, 0.3],
    }
    assert RunCurves("run", [1, 2, 3, 4], columns).best_epoch(monitor) == best


def test_without_an_epoch_it_says_so(run, tmp_path):
    with pytest.raises(ValueError, match="no whole epoch yet"):
        RunCurves.read(run(HEADER))
    with pytest.raises(ValueError, match="no whole epoch yet"):
        RunCurves.read(run(""))
    with pytest.raises(ValueError, match="has no metrics.csv"):
        RunCurves.read(tmp_path)
    with pytest.raises(ValueError, match="loss has 1 figures for 2 epochs"):
        RunCurves("run", [1, 2], {"loss": [3.0]})


def test_bytes_that_are_no_text_do_not_break_it(tmp_path):
    (tmp_path / "metrics.csv").write_bytes(b"epoch,loss\n0,\xff\xfe\n1,2.0\n")
    assert RunCurves.read(tmp_path).columns["loss"][1] == 2.0
