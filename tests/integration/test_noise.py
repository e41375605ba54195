"""What the README shows prints nothing that a user can do nothing about."""

import logging
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from keras_seq2seq import Phrasebook, Seq2Seq

README = pathlib.Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_many_models_are_no_retracing(caplog):
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for units in range(2, 9):
            model = Seq2Seq.from_options(8, 8, units=units, embedding_dim=4)
            for width in (3, 5, 2):
                model.generate(np.full((2, width), 4), max_length=2)
    assert "retracing" not in caplog.text


@pytest.mark.slow
def test_the_snippet_of_the_readme_is_quiet(tmp_path):
    [snippet] = re.findall(r"```python\n(import keras\n.*?)```", README.read_text("utf-8"), re.S)
    for name, count in (("train", 600), ("valid", 40)):
        pairs = Phrasebook().split(name)[:count]
        lines = "".join(f"{source}\t{target}\n" for source, target in pairs)
        (tmp_path / f"{name}.tsv").write_text(lines, "utf-8")
    for old, new in (("6000", "600"), ('"small"', '"tiny"'), ("epochs=12", "epochs=1")):
        assert old in snippet
        snippet = snippet.replace(old, new)
    snippet += '\nfrom keras_seq2seq import open_artefact\nopen_artefact("served/ko_en")\n'
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(README.parent)}
    result = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    # What the native libraries say while they are loaded is theirs, and absl's level is not.
    native = re.compile(
        r"WARNING: All log messages before absl|I0000 |INFO: Created TensorFlow Lite"
    )
    said = [line for line in result.stderr.splitlines() if not native.match(line)]
    assert said == []
