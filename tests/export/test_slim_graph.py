"""The graph that is written holds nothing that old servers lack and no vocabulary twice."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text
from tensorflow.core.protobuf import saved_model_pb2

from keras_seq2seq.export.guards.saved_graph import all_nodes, read_graph
from keras_seq2seq.export.slim_graph import slim_graph
from keras_seq2seq.text import SentencePieceTokenizer

LINES = ["a cat sat on a mat", "a rat sat on a cat"]
TEXTS = np.array([b"a rat on a mat", b"", b"\xff dog"], object)


class Counts(tf.Module):
    """Two tokenizers over one vocabulary, one over another, and a weight times their ids."""

    def __init__(self):
        super().__init__()
        one = SentencePieceTokenizer.learn(LINES, 20)
        self.ours = [one._graph_tokenizer, SentencePieceTokenizer(one.proto)._graph_tokenizer]
        self.proto = one.proto
        self.other = SentencePieceTokenizer.learn(["xyz dog"], 20)
        self.parts = [*self.ours, self.other._graph_tokenizer]
        self.weight = tf.Variable(2.5)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text):
        sums = [tf.reduce_sum(part.tokenize(text), axis=1) for part in self.parts]
        return {"sum": tf.cast(tf.add_n(sums), tf.float32) * self.weight}


@pytest.fixture(scope="module")
def module():
    return Counts()


@pytest.fixture(scope="module")
def written(module, tmp_path_factory):
    """As TensorFlow wrote it."""
    directory = tmp_path_factory.mktemp("written")
    tf.saved_model.save(module, str(directory), {"serving_default": module.serve})
    return directory


@pytest.fixture
def slim(written, tmp_path):
    shutil.copytree(written, tmp_path / "slim")
    slim_graph(tmp_path / "slim")
    return tmp_path / "slim"


def graph_of(directory):
    content = (directory / "saved_model.pb").read_bytes()
    return saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]


def count(directory, *operators):
    return sum(node.op in operators for node in all_nodes(graph_of(directory).graph_def))


def run(directory):
    """In a session, whose resources are its own."""
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(directory))
        signature = meta.signature_def["serving_default"]
        fed = {signature.inputs["text"].name: TEXTS}
        return session.run(signature.outputs["sum"].name, fed)


def test_what_servers_lack_and_what_stands_twice_are_gone(module, written, slim):
    protos = [module.proto, module.other.proto]
    before, after = ((d / "saved_model.pb").read_bytes() for d in (written, slim))
    assert [before.count(proto) for proto in protos] == [4, 4]
    assert [after.count(proto) for proto in protos] == [1, 1]
    assert count(written, "DisableCopyOnRead") == 1 and count(slim, "DisableCopyOnRead") == 0
    assert b"DisableCopyOnRead" not in after.replace(b"Read/DisableCopyOnRead", b"")
    assert len(after) < len(before) - 3 * sum(map(len, protos))
    read_graph(slim)


def test_it_does_the_same_in_a_session(module, written, slim):
    expected = module.serve(tf.constant(TEXTS))["sum"].numpy()
    np.testing.assert_array_equal(run(written), expected)
    np.testing.assert_array_equal(run(slim), expected)


def test_it_does_the_same_where_tensorflow_loads_it(module, slim):
    """Under other names, since this process has the resources of these already."""
    file = slim / "saved_model.pb"
    content = file.read_bytes()
    assert content.count(b"sentencepiece_") >= 2
    file.write_bytes(content.replace(b"sentencepiece_", b"senten-e-iece_"))
    loaded = tf.saved_model.load(str(slim))
    found = loaded.signatures["serving_default"](text=tf.constant(TEXTS))["sum"]
    np.testing.assert_array_equal(found, module.serve(tf.constant(TEXTS))["sum"])


def test_the_weights_can_be_saved_from_it(slim, tmp_path):
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(slim))
        saver = tf.compat.v1.train.import_meta_graph(meta)
        saved = saver.save(session, str(tmp_path / "weights"), write_meta_graph=False)
    reader = tf.train.load_checkpoint(saved)
    assert [reader.get_tensor(n) for n in reader.get_variable_to_shape_map() if "weight" in n] == [
        2.5
    ]


def test_twice_is_as_once_and_the_fingerprint_fits(slim, tmp_path):
    first = {path.name: path.read_bytes() for path in slim.iterdir() if path.is_file()}
    old = tf.saved_model.experimental.read_fingerprint(str(slim))
    slim_graph(slim)
    again = {path.name: path.read_bytes() for path in slim.iterdir() if path.is_file()}
    assert again["saved_model.pb"] == first["saved_model.pb"] and again.keys() == first.keys()
    new = tf.saved_model.experimental.read_fingerprint(str(slim))
    assert new.saved_model_checksum == old.saved_model_checksum


def test_a_resource_without_a_name_stays_its_nodes_own(module, tmp_path):
    """tensorflow-text's own: two nodes of one function would be two resources."""
    strange = tf.Module()
    strange.tokenizer = tensorflow_text.SentencepieceTokenizer(module.proto)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(text):
        return {"sum": tf.reduce_sum(strange.tokenizer.tokenize(text), axis=1)}

    tf.saved_model.save(strange, str(tmp_path), {"serving_default": serve})
    expected = run(tmp_path)
    slim_graph(tmp_path)
    assert count(tmp_path, "SentencepieceOp") == 2
    np.testing.assert_array_equal(run(tmp_path), expected)


def test_an_export_is_slim(served, trained):
    content = (served / "1" / "saved_model.pb").read_bytes()
    assert content.count(trained.source_tokenizer.proto) == 1
    assert content.count(trained.target_tokenizer.proto) == 1
    assert count(served / "1", "DisableCopyOnRead") == 0
