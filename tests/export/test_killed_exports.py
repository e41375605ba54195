"""Exports that are killed at any moment: servers never see half a version."""

import pathlib
import random
import subprocess
import sys
import threading
import time

import pytest

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.text import ByteTokenizer

KILLS = 100
WORKER = pathlib.Path(__file__).with_name("endless_exports.py")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    bytes_ = ByteTokenizer()
    size = bytes_.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4)
    model = TextSeq2Seq(seq2seq, bytes_, bytes_, max_source_length=6, max_target_length=4)
    path = tmp_path_factory.mktemp("killed") / "model.keras"
    model.save(path)
    return path


def versions(base):
    return sorted(path for path in base.iterdir() if path.name.isdigit())


def check(base):
    """Every version that a server would see is whole: all its files are those of the manifest."""
    for version in versions(base):
        SavedModelArtefact(version, to_run=False)
        assert (version / "assets.extra" / "tf_serving_warmup_requests").is_file()


def kill_again_and_again(file, base, kills, seed):
    moments, longest = random.Random(seed), 0.0
    for kill in range(kills):
        command = [sys.executable, WORKER, file, base]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            start = time.monotonic()
            if kill % 10 == 0:  # how long a whole export takes beside the others
                assert process.stdout.readline().strip().startswith(str(base))
                longest = 1.2 * (time.monotonic() - start)
            time.sleep(moments.uniform(0, longest))
            process.kill()
        check(base)
        hidden = [path for path in base.iterdir() if not path.name.isdigit()]
        assert len(hidden) <= 1, hidden  # what was left before is gone


@pytest.mark.slow
def test_no_half_written_version_is_ever_seen(file, tmp_path):
    bases = [tmp_path / "one", tmp_path / "other"]
    errors = []

    def run(number, base):
        try:
            base.mkdir()
            kill_again_and_again(file, base, KILLS // len(bases), number)
        except BaseException as error:  # raised by the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(bases)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    for base in bases:
        written = export.saved_model(export.open_artefact(file).model, base, ["ab"], beam_size=2)
        assert [path.name for path in base.iterdir() if not path.name.isdigit()] == []
        assert written in versions(base)
        check(base)
    print({base.name: len(versions(base)) for base in bases})
