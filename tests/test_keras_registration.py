"""Keras knows our classes when a file is loaded, and the command line does not wait for Keras."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from contracts import few_at_first

SCRIPT = Path(sys.executable).with_name("keras-seq2seq")

LOAD = """
import keras
model = keras.saving.load_model({file!r})
print(type(model).__name__, type(model.loss).__name__)
"""


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    trained.save(path)
    return str(path)


@pytest.mark.parametrize(
    "first",
    few_at_first(
        3,
        [
            "from keras_seq2seq import open_artefact",  # and Keras behind it
            "import keras, keras_seq2seq",
            "import keras_seq2seq; keras_seq2seq.decoding.beam_search",
            "from keras_seq2seq import read_pairs",
            "import tensorflow, keras_seq2seq",
            "from keras_seq2seq import open_artefact; import tensorflow",
        ],
    ),
)
def test_a_saved_model_is_loaded(first, file):
    reply = run(first + LOAD.format(file=file))
    assert reply.stdout == "TextSeq2Seq SequenceCrossentropy\n", reply.stderr


def test_a_module_of_ours_that_brings_keras_is_not_in_its_own_way():
    """Its import goes on when Keras is there: nothing may import it a second time before."""
    program = "from keras_seq2seq.layers.encoder import Encoder; import keras_seq2seq as k, keras\n"
    reply = run(
        program + "print(Encoder is k.Encoder is "
        "keras.saving.get_registered_object('keras_seq2seq>Encoder'))"
    )
    assert reply.stdout == "True\n", reply.stderr


def test_a_look_for_keras_is_no_import(tmp_path):
    """Programs ask whether TensorFlow could be had, and import Keras later."""
    for name, text in {"keras": "", "tensorflow": "import keras; ready = True"}.items():
        (tmp_path / f"{name}.py").write_text(text)
    program = f"""
import importlib.util, sys
sys.path.insert(0, {str(tmp_path)!r})
import keras_seq2seq
from keras_seq2seq import keras_registration
seen, before = [], len(sys.meta_path)
keras_registration.register_classes = lambda: seen.append(sys.modules["tensorflow"].ready)
assert importlib.util.find_spec("tensorflow") and importlib.util.find_spec("keras")
assert not seen and not {{"keras", "tensorflow"}} & sys.modules.keys()
import tensorflow
print(seen, before - len(sys.meta_path))
"""
    reply = run(program)
    assert reply.stdout == "[True] 1\n", reply.stderr


def test_importing_the_package_imports_no_backend():
    program = "import keras_seq2seq, sys; print({'keras', 'tensorflow'} & set(sys.modules))"
    assert run(program).stdout == "set()\n"


def test_a_wrong_name_is_told_and_nothing_is_imported():
    program = "import sys, keras_seq2seq\ntry:\n    keras_seq2seq.Seq2Sek\nfinally:\n"
    reply = run(program + "    print('keras' in sys.modules)")
    assert reply.stdout == "False\n"
    assert "no public name 'Seq2Sek'. Did you mean 'Seq2Seq'?" in reply.stderr


@pytest.mark.parametrize("command", [["-m", "keras_seq2seq"], [str(SCRIPT)]])
def test_help_waits_for_nothing(command):
    if command == [str(SCRIPT)] and not SCRIPT.exists():
        pytest.skip("the package is not installed")
    reply = subprocess.run(
        [sys.executable, "-X", "importtime", *command, "--help"], capture_output=True, text=True
    )
    imported = {line.rpartition("|")[2].strip() for line in reply.stderr.splitlines()}
    assert "keras_seq2seq.cli.app" in imported and "Usage" in reply.stdout
    assert not imported & {"tensorflow", "keras"}
