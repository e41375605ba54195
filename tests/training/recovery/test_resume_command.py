"""What is said of how a run goes on."""

import pytest

from keras_seq2seq.training.recovery.resume_command import resume_command


@pytest.mark.parametrize(
    ("begun", "now", "workers", "expected"),
    [
        ("none", "none", 1, ""),
        ("multiworker", "none", 1, " --set training.distribute=none"),
        ("multiworker", "multiworker", 2, " (each worker, with the --workers and --worker"),
        (None, "mirrored", 1, " --set training.distribute=mirrored"),
    ],
)
def test_it_is_what_the_run_needs_to_go_on_as_it_runs_now(tmp_path, begun, now, workers, expected):
    run = tmp_path / "my runs"
    run.mkdir()
    if begun is not None:
        (run / "config.toml").write_text(f'[training]\ndistribute = "{begun}"\n')
    command = resume_command(run, now, workers)
    base = f"keras-seq2seq train --resume '{run}'"
    assert command.startswith(base + expected)
    assert bool(expected) or command == base
