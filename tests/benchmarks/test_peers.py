"""What the programs beside ours share."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "peers" / "common.py"
SPEC = importlib.util.spec_from_file_location("peers_common", PATH)
common = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(common)


class Letters:
    """A tokenizer: a letter is a token."""

    def encode(self, lines):
        return [[4 + ord(letter) % 20 for letter in line] for line in lines]


@pytest.fixture
def options(tmp_path):
    lines = ["a" * n for n in (5, 1, 4, 2, 3, 6)]
    for side in ("source", "target"):
        (tmp_path / side).write_text("\n".join(lines), "utf-8")
    files = {side: str(tmp_path / side) for side in ("source", "target")}
    return SimpleNamespace(**files, batch=2, steps=9, batches=2)


def test_pairs_of_like_length_are_together_with_their_special_tokens(options):
    batches = list(common.training_batches(options, Letters()))
    assert sorted(target.shape[1] for _, target in batches) == [4, 6, 8]
    for source, target in batches:
        assert (target[:, 0] == common.BOS).all() and source.dtype == np.int32
        for ids in (source, target):
            assert ((ids == common.EOS).sum(1) == 1).all()
        assert ((source != common.PAD).sum(1) == (target != common.PAD).sum(1) - 1).all()


def test_decoding_takes_the_shortest(options):
    batches = common.decoding_batches(options, Letters())
    assert [batch.shape for batch in batches] == [(2, 3), (2, 5)]


def test_another_task_is_refused():
    with pytest.raises(RuntimeError, match="tokens: 29 came, 30 was expected"):
        common.expect(29, 30, "tokens")
