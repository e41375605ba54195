"""The benchmark of the input pipeline refuses what it cannot measure."""

import pipeline_scale
import pytest


def asked(directory, *flags):
    return pipeline_scale.parse_arguments(["--directory", str(directory), *flags])


@pytest.mark.parametrize("flag", ["--pairs", "--rounds", "--memory-pairs"])
def test_counts_below_one_are_refused(flag, tmp_path, capsys):
    with pytest.raises(SystemExit):
        asked(tmp_path, flag, "0")
    assert f"{flag} 0: at least 1 is expected" in capsys.readouterr().err


def test_a_directory_holds_pairs_of_one_number(tmp_path, capsys):
    for _ in range(2):
        pipeline_scale.write_pairs(asked(tmp_path, "--pairs", "30"))
    with pytest.raises(SystemExit):
        asked(tmp_path, "--pairs", "40")
    assert "has 30 pairs, not 40: name another one" in capsys.readouterr().err
