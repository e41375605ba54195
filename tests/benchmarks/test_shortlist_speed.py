"""The benchmark of shortlists asks a run for pairs, whether they fit into memory or not."""

from types import SimpleNamespace

import pytest
import shortlist

from keras_seq2seq.data import SentencePairs
from keras_seq2seq.training.runs import scored_pairs


@pytest.mark.parametrize("name", ["pairs", "batch", "rounds"])
def test_counts_below_one_are_refused(name, capsys):
    with pytest.raises(SystemExit):
        shortlist.parse(["run", f"--{name}", "0"])
    assert f"--{name} 0: at least 1 is expected" in capsys.readouterr().err


def test_pairs_that_stay_on_disk_are_a_sample_and_those_that_are_gone_are_told(monkeypatch):
    run = SimpleNamespace(path="runs/x", model="runs/x/model.keras")
    opened = SimpleNamespace(model=None)
    monkeypatch.setattr("keras_seq2seq.export.open_artefact", lambda path: opened)
    monkeypatch.setattr(scored_pairs, "validation_pairs", lambda path: SentencePairs(["a"], ["b"]))
    monkeypatch.setattr(scored_pairs, "learnt_pairs", None)
    monkeypatch.setattr(scored_pairs, "learnt_sample", lambda run: None)
    with pytest.raises(ValueError, match="runs/x learnt from pairs that are not here any more"):
        shortlist.measure(run, shortlist.parse(["runs/x"]))
