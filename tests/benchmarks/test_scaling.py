import json

import pytest
import scaling
import scaling_runs


def test_curves_meet_in_one_point_that_is_measured_once():
    found = scaling.points(scaling.CURVES)
    sizes = [len(values) - 1 for values in scaling.CURVES.values()]
    assert len(found) == 1 + sum(sizes) and found.count(scaling.BASE) == 1


def test_table_and_picture_have_all_curves(tmp_path, monkeypatch, capsys):
    def measured(options):
        speeds = {"target_tokens_per_s": 3000.0, "sentences_per_s": 500.0}
        corpora = [{"pairs": n, "target_tokens_per_s": 10.0, "first_batch_s": 2} for n in (9, 7)]
        return [sizes | speeds for sizes in scaling.points(options.curves[1:])][::-1] + corpora

    monkeypatch.setattr(scaling, "measure", measured)
    scaling.main(["--out", str(tmp_path), "--curves", "pairs", "units", "batch"])
    said = capsys.readouterr().out
    assert said.index("| 128 | 3,000 | 500 |") < said.index("| 1,024 | 3,000 | 500 |")
    assert said.index("| 7 | 10 | 2.0 |") < said.index("| 9 | 10 | 2.0 |")
    assert "| batch | training" in said and "vocabulary |" not in said
    figures = json.loads((tmp_path / "scaling.json").read_text())
    assert len(scaling.curve(figures["rows"], "batch")) == 3
    assert (tmp_path / "scaling.png").stat().st_size > 3000


def test_a_round_has_a_step(capsys):
    with pytest.raises(SystemExit):
        scaling.parse_arguments(["--steps", "0"])
    assert "--steps 0: at least 1 is expected" in capsys.readouterr().err


def test_a_run_of_several_workers_that_fails_is_told(tmp_path):
    with pytest.raises(RuntimeError, match=r"in 2 processes ended with \[2, 2\].*unknown key"):
        scaling_runs.train(tmp_path / "run", "pairs.tsv", ["training.epoch=1"], 2)
