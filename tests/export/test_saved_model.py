import json

import numpy as np
import pytest
import tensorflow as tf
from conftest import PAIRS

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer

SOURCES = [source for source, _ in PAIRS]
TEXTS = [*SOURCES, "", " \t", "모르는 말 hello 😀", "책 " * 100]


@pytest.fixture(scope="module")
def base(trained, tmp_path_factory):
    directory = tmp_path_factory.mktemp("served")
    export.saved_model(trained, directory)
    return directory


def test_does_what_the_model_does(base, trained):
    artefact = export.open_artefact(base)
    for batch_size in (1, 5, 64):
        result = artefact.generate(TEXTS, batch_size)
        outputs, scores = trained.generate(TEXTS, return_scores=True)
        assert result.texts == outputs
        np.testing.assert_allclose(result.scores, scores, atol=1e-4)


def test_signature_is_what_a_server_wants(base):
    """One string input [B]; outputs with the batch axis alone, so that requests can be joined."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(base / "1"))
    signature = meta.signature_def["serving_default"]
    assert {k: v.dtype for k, v in signature.inputs.items()} == {"text": tf.string}
    assert {k: v.dtype for k, v in signature.outputs.items()} == {
        "text": tf.string,
        "score": tf.float32,
        "length": tf.int32,
    }
    for info in [*signature.inputs.values(), *signature.outputs.values()]:
        assert [dim.size for dim in info.tensor_shape.dim] == [-1]


def test_broken_utf8_gives_valid_utf8(base):
    artefact = export.open_artefact(base)
    result = artefact.session.run(
        artefact.outputs, {artefact.text: np.array([b"\xff\xfe", b"abc\x80"], object)}
    )
    for text in result["text"]:
        text.decode("utf-8")


def test_versions_count_up_and_nothing_else_is_left(base, trained):
    written = export.saved_model(trained, base, sample=SOURCES[:2])
    assert written.name == str(max(int(p.name) for p in base.iterdir()))
    assert all(p.name.isdigit() for p in base.iterdir())
    assert export.open_artefact(base).path == str(written)


def test_weights_are_stored_once(base, trained):
    names = tf.train.list_variables(str(base / "1" / "variables" / "variables"))
    stored = sum(int(np.prod(shape)) for name, shape in names if name.endswith("VARIABLE_VALUE"))
    assert stored == trained.seq2seq.count_params()


def test_the_manifest_tells_limits_and_versions(base):
    manifest = json.loads((base / "1" / "assets.extra" / "keras_seq2seq.json").read_text())
    assert manifest["max_source_length"] == 24
    assert manifest["tensorflow"] == tf.__version__
    assert export.open_artefact(base / "1").describe()["eos_id"] == 3


def test_a_difference_removes_the_artefact_and_fails(trained, tmp_path, monkeypatch):
    from keras_seq2seq.export import saved_model_artefact

    def lie(self, texts, batch_size=32, progress=None):
        result = honest(self, texts, batch_size, progress)
        return result._replace(texts=[*result.texts[:-1], result.texts[-1] + "!"])

    honest = saved_model_artefact.SavedModelArtefact.generate
    monkeypatch.setattr(saved_model_artefact.SavedModelArtefact, "generate", lie)
    with pytest.raises(export.ExportError, match="does not do what the model does"):
        export.saved_model(trained, tmp_path / "served", sample=SOURCES)
    assert list((tmp_path / "served").iterdir()) == []


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_a_model_of_mixed_precision_is_served_in_float32(policy, tmp_path):
    bytes_ = ByteTokenizer()
    characters = CharacterTokenizer.learn(SOURCES, 60)
    sizes = (characters.vocabulary_size, bytes_.vocabulary_size)
    seq2seq = Seq2Seq(*sizes, units=8, embedding_dim=8, cell="gru", attention=None, dtype=policy)
    model = TextSeq2Seq(seq2seq, characters, bytes_, max_source_length=16, max_target_length=8)
    twin = model.copy(dtype="float32")
    written = export.saved_model(model, tmp_path / "served")

    artefact = export.open_artefact(written)
    graph = artefact.session.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    assert not {n.op for n in nodes if "udnn" in n.op}
    half = {n.name for n in nodes if n.attr["T"].type in (tf.float16, tf.bfloat16)}
    assert not half
    assert artefact.generate(SOURCES).texts == twin.generate(SOURCES)


def test_a_file_in_the_way_is_an_error(trained, tmp_path):
    (tmp_path / "served").write_text("")
    with pytest.raises(export.ExportError, match="is a file"):
        export.saved_model(trained, tmp_path / "served")
