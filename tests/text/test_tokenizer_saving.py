"""Tokenizers inside of .keras files and SavedModels."""

import json
import os
import subprocess
import sys

import keras
import pytest
import tensorflow as tf
from tokenizer_samples import LINES, NAMES, make

from keras_seq2seq.text import CharacterTokenizer, Normalization, SentencePieceTokenizer

TEXTS = ["TITLE I: the Cat", "", "고양이 ψ", " a\nb "]

HOLDER = """
import keras

@keras.saving.register_keras_serializable(package="tests")
class Holder(keras.Model):
    def __init__(self, source, target, **kwargs):
        super().__init__(**kwargs)
        self.source, self.target = source, target
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        parts = {"source": self.source, "target": self.target}
        parts = {key: keras.saving.serialize_keras_object(part) for key, part in parts.items()}
        return {**super().get_config(), **parts}

    @classmethod
    def from_config(cls, config):
        for key in ("source", "target"):
            config[key] = keras.saving.deserialize_keras_object(config[key])
        return cls(**config)
"""
LOAD = """
import json, sys
import keras_seq2seq.text
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
texts = json.loads(sys.argv[2])
ids = [t.tokenize(texts).to_list() for t in (model.source, model.target)]
print(json.dumps([ids, [t.vocabulary_state() for t in (model.source, model.target)]]))
"""


def test_a_keras_file_in_a_new_process(tmp_path):
    namespace = {}
    exec(HOLDER, namespace)
    normalization = Normalization("NFD", lowercase=True)
    source = SentencePieceTokenizer.learn(LINES, 300, normalization)
    target = CharacterTokenizer.learn(LINES, 60, normalization)
    model = namespace["Holder"](source, target)
    model(tf.zeros([1, 3]))
    model.save(tmp_path / "model.keras")
    assert not {"proto", "vocabulary"} & {
        key for part in (source, target) for key, value in part.get_config().items() if value
    }

    # A Turkish locale, under which tf.strings.lower would give other letters.
    reply = subprocess.run(
        [sys.executable, "-c", HOLDER + LOAD, tmp_path / "model.keras", json.dumps(TEXTS)],
        env={**os.environ, "LC_ALL": "tr_TR.UTF-8", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert reply.returncode == 0, reply.stderr
    ids, states = json.loads(reply.stdout.splitlines()[-1])
    assert ids == [tokenizer.tokenize(TEXTS).to_list() for tokenizer in (source, target)]
    assert ids[1] == [target.tokenize_python(text) for text in TEXTS]
    assert states == [source.vocabulary_state(), target.vocabulary_state()]


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_in_a_v1_session(name, tmp_path):
    """TF Serving loads like a V1 session; tf.saved_model.load forgives more."""
    tokenizer = make(name)
    archive = keras.export.ExportArchive()
    archive.track(tokenizer)
    archive.add_endpoint(
        "tokenize",
        lambda text: {"ids": tokenizer.tokenize(text).to_tensor()},
        input_signature=[tf.TensorSpec([None], tf.string, name="text")],
    )
    archive.add_endpoint(
        "detokenize",
        lambda ids: {"text": tokenizer.detokenize(ids)},
        input_signature=[tf.TensorSpec([None, None], tf.int32, name="ids")],
    )
    directory = str(tmp_path / "1")
    archive.write_out(directory, verbose=False)

    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.loader.load(session, ["serve"], directory)

        def run(signature, key, value):
            signature = loaded.signature_def[signature]
            (given,), (asked,) = signature.inputs.values(), signature.outputs.items()
            assert asked[0] == key
            return session.run(asked[1].name, {given.name: value})

        ids = run("tokenize", "ids", [text.encode() for text in TEXTS])
        text = run("detokenize", "text", ids)
    assert ids.tolist() == tokenizer.tokenize(TEXTS).to_tensor().numpy().tolist()
    assert [t.decode() for t in text] == [tokenizer.detokenize_python(row) for row in ids]


@pytest.mark.parametrize("name", NAMES)
def test_no_table_to_initialize_and_no_table_ops(name):
    """Lookup tables would keep a graph out of plain TFLite and want an initializer."""
    signature = tf.TensorSpec([None], tf.string)
    graph = tf.function(make(name).tokenize).get_concrete_function(signature).graph.as_graph_def()
    ops = {node.op for node in graph.node}
    ops |= {node.op for function in graph.library.function for node in function.node_def}
    assert "UnicodeTranscode" in ops
    assert not {op for op in ops if "Table" in op or "PyFunc" in op}
