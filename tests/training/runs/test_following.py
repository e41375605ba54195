"""Another worker than the chief makes sure that it does the same with the same."""

import pytest

from keras_seq2seq.data import SentencePairs
from keras_seq2seq.training import RunDirectory, TrainingError, load_config
from keras_seq2seq.training.configuration.config_file import commented_toml
from keras_seq2seq.training.runs.fingerprint import data_fingerprint
from keras_seq2seq.training.runs.following import followed_facts
from keras_seq2seq.training.workers.workers import Workers

PAIRS = [SentencePairs(["a", "b"], ["c", "d"]), SentencePairs(["e"], ["f"])]


@pytest.fixture
def second():
    workers = Workers()
    workers.index, workers.count = 1, 2
    return workers


@pytest.fixture
def run(tmp_path):
    """What the chief has written."""
    run = RunDirectory(tmp_path / "run").create()
    config = load_config(None, ["data.train=chief.tsv", "training.learning_rate=0.1"])
    run.write_text(run.config.name, commented_toml(config))
    sides = dict(zip(("train", "valid"), map(data_fingerprint, PAIRS), strict=True))
    run.write_json(run.data_fingerprint.name, sides)
    return run


def config(*changes):
    return load_config(None, ["data.train=own.tsv", "training.learning_rate=0.1", *changes])


def test_the_same_by_other_names_is_taken(run, second):
    mine = config("training.keep_checkpoints=9")
    assert followed_facts(second, run, PAIRS, None, mine) == {"drops_alike": True}


def test_what_differs_is_named(run, second):
    message = r"Worker 1 is told otherwise.*training.epochs = 7 \(0\), training.seed = 9 \("
    with pytest.raises(TrainingError, match=message):
        followed_facts(second, run, PAIRS, None, config("training.seed=9", "training.epochs=7"))
    others = [PAIRS[0], SentencePairs(["e"], ["g"])]
    with pytest.raises(TrainingError, match="Worker 1 has read other pairs of data.valid"):
        followed_facts(second, run, others, None, config())


def test_a_directory_of_its_own_is_told(tmp_path, second):
    with pytest.raises(TrainingError, match="a disk that all workers share"):
        followed_facts(second, RunDirectory(tmp_path / "other"), PAIRS, None, config())
