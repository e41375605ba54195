"""What the tests share: quiet TensorFlow, fixed seeds, a small trained model."""

import fcntl
import os

from keras_seq2seq.onednn import prefer_onednn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
prefer_onednn()  # as the command line does; both before TensorFlow is imported

import keras
import pytest
from learnt_pairs import PAIRS


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(7)


@pytest.fixture(scope="session")
def learnt():
    """The pairs that `trained` knows, for tests that cannot import this file by its name."""
    return PAIRS


@pytest.fixture(scope="session")
def trained():
    """A small TextSeq2Seq that has learnt `PAIRS` by heart."""
    from keras_seq2seq import Seq2Seq, SequenceCrossentropy, TextSeq2Seq
    from keras_seq2seq.text import SentencePieceTokenizer

    keras.utils.set_random_seed(7)
    sources, targets = map(list, zip(*PAIRS, strict=True))
    source = SentencePieceTokenizer.learn(sources, 60)
    target = SentencePieceTokenizer.learn(targets, 60)
    seq2seq = Seq2Seq.from_options(
        source.vocabulary_size,
        target.vocabulary_size,
        units=32,
        embedding_dim=32,
        dropout=0.0,
        lexical_model=False,
        fixed_norm=None,
    )
    model = TextSeq2Seq(seq2seq, source, target, max_source_length=24, max_target_length=20)
    model.compile(keras.optimizers.Adam(0.02), SequenceCrossentropy())
    model.fit(sources, targets, epochs=60, verbose=0)
    return model


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """made_once(name, make): a directory that one of all workers fills; the others wait for it."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def directory(name, make):
        path, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                path.mkdir()
                make(path)
                done.touch()
        return path

    return directory


@pytest.fixture(scope="session")
def served(trained, made_once):
    """A base directory that holds version 1 of `trained`, shared by all workers: to read only."""
    from keras_seq2seq import export

    return made_once("served_trained", lambda base: export.saved_model(trained, base))
