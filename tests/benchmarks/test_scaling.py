import json

import pytest
import scaling


def test_curves_meet_in_one_point_that_is_measured_once():
    found = scaling.points(scaling.CURVES)
    sizes = [len(values) - 1 for values in scaling.CURVES.values()]
    assert len(found) == 1 + sum(sizes) and found.count(scaling.BASE) == 1


def test_table_and_picture_have_all_curves(tmp_path, monkeypatch, capsys):
    def measured(options):
        speeds = {"target_tokens_per_s": 3000.0, "sentences_per_s": 500.0}
        return [sizes | speeds for sizes in scaling.points(options.curves)][::-1]

    monkeypatch.setattr(scaling, "measure", measured)
    scaling.main(["--out", str(tmp_path), "--curves", "units", "batch"])
    said = capsys.readouterr().out
    assert said.index("| 128 | 3,000 | 500 |") < said.index("| 1,024 | 3,000 | 500 |")
    assert "| batch | training" in said and "vocabulary |" not in said
    figures = json.loads((tmp_path / "scaling.json").read_text())
    assert len(scaling.curve(figures["rows"], "batch")) == 3
    assert (tmp_path / "scaling.png").stat().st_size > 3000


def test_a_round_has_a_step(capsys):
    with pytest.raises(SystemExit):
        scaling.parse_arguments(["--steps", "0"])
    assert "--steps 0: at least 1 is expected" in capsys.readouterr().err
