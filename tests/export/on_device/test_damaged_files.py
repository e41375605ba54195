"""Damaged files are refused by the Python client, each with a sentence."""

import pathlib
import random
import subprocess
import sys

import pytest
from learnt_pairs import PAIRS
from odd_rows import damaged, damaged_pairs, resealed

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.export.on_device.seq2seq_lite import LiteError, Translator

pytestmark = pytest.mark.slow
COUNT = 200
OPEN = """
import sys
from keras_seq2seq.export.on_device.seq2seq_lite import LiteError, Translator
try:
    found = Translator(sys.argv[1]).translate(sys.argv[2])
    print("translated", 0 <= found.length)
except LiteError as error:
    print("refused", error)
"""


@pytest.fixture(scope="module")
def pairs(trained, tmp_path_factory):
    """What `damaged_pairs` makes of a model and of another one."""
    directory = tmp_path_factory.mktemp("damaged")
    sizes = [t.vocabulary_size for t in (trained.source_tokenizer, trained.target_tokenizer)]
    other = Seq2Seq.from_options(*sizes, units=32, embedding_dim=32, attention=None)
    texts = trained.source_tokenizer, trained.target_tokenizer
    other = TextSeq2Seq(other, *texts, max_source_length=24, max_target_length=20)
    made = [
        export.tflite(model, directory / name)
        for name, model in (("a.tflite", trained), ("b.tflite", other))
    ]
    contents = [(f.read_bytes(), pathlib.Path(f"{f}.json").read_bytes()) for f in made]
    return contents[0], damaged_pairs(*contents[0], contents[1], COUNT)


def write(directory, content, manifest):
    path = directory / "model.tflite"
    path.write_bytes(content)
    pathlib.Path(f"{path}.json").write_bytes(manifest)
    return path


def test_they_are_refused(pairs, tmp_path):
    good, spoilt = pairs
    assert len(spoilt) == COUNT and good not in [pair[1:] for pair in spoilt]
    for what, *pair in spoilt:
        with pytest.raises(LiteError) as refused:
            Translator(write(tmp_path, *pair))
        message = str(refused.value)
        assert "model.tflite" in message and len(message) > 40, what
    translator = Translator(write(tmp_path, *good))
    assert [translator.translate(source).text for source, _ in PAIRS] == [t for _, t in PAIRS]


def test_nobody_waits_for_one_whose_hash_was_made_to_fit(pairs, tmp_path):
    """LiteRT reads it then, and may run it, refuse it or end; it never hangs."""
    (content, manifest), _ = pairs
    dice, ended = random.Random(3), []
    for number in range(25):
        changed = damaged(content, number, dice)
        path = write(tmp_path, changed, resealed(changed, manifest))
        command = [sys.executable, "-c", OPEN, path, PAIRS[0][0]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        ended.append("signal" if done.returncode < 0 else done.stdout.split(" ")[0])
        assert done.returncode <= 0, done.stderr
    assert set(ended) <= {"translated", "refused", "signal"} and "refused" in ended
