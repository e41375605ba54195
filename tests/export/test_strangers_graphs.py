"""SavedModels of others: their operators are read before anything of them runs."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from learnt_pairs import PAIRS

from keras_seq2seq import export, open_artefact
from keras_seq2seq.export.manifest import read_sealed

SOURCES = [source for source, _ in PAIRS]
SPEC = [tf.TensorSpec([None], tf.string, name="text")]


def served(directory, compute, **attributes):
    """A SavedModel of one signature; `compute` makes a string [B] of a string [B]."""
    module = tf.Module()
    for name, value in attributes.items():
        setattr(module, name, value)

    @tf.function(input_signature=SPEC, autograph=False)
    def serve(text):
        count = tf.zeros(tf.shape(text), tf.int32)
        return {"text": compute(text), "score": tf.cast(count, tf.float32), "length": count}

    tf.saved_model.save(module, str(directory), {"serving_default": serve})
    return directory


def in_a_branch(compute):
    return lambda text: tf.cond(tf.size(text) > 99, lambda: compute(text), lambda: text)


def writes(path):
    def compute(text):
        with tf.control_dependencies([tf.io.write_file(str(path), "x")]):
            return tf.identity(text)

    return compute


COMPUTE = {
    "ReadFile": lambda text: text + tf.io.read_file("/etc/hostname"),
    "MatchingFiles": lambda text: text + tf.io.matching_files("/etc/*")[0],
    "PyFunc": lambda text: tf.numpy_function(lambda x: x, [text], tf.string),
    "PrintV2": lambda text: (tf.print(text), text)[1],
    "ImmutableConst": lambda text: (
        text
        + tf.strings.as_string(
            tf.raw_ops.ImmutableConst(
                dtype=tf.uint8, shape=[4], memory_region_name="file:///etc/hostname"
            )[0]
        )
    ),
    "SaveV2": lambda text: (
        tf.raw_ops.SaveV2(
            prefix="/tmp/x", tensor_names=["t"], shape_and_slices=[""], tensors=[text]
        ),
        text,
    )[1],
    "RestoreV2": lambda text: tf.raw_ops.RestoreV2(
        prefix="/tmp/x", tensor_names=["t"], shape_and_slices=[""], dtypes=[tf.string]
    )[0],
}


@pytest.mark.parametrize("name", COMPUTE)
@pytest.mark.parametrize("wrap", [lambda compute: compute, in_a_branch], ids=["plain", "branch"])
def test_operators_that_do_more_than_compute_are_refused(name, wrap, tmp_path):
    directory = served(tmp_path / "1", wrap(COMPUTE[name]))
    for to_run in (True, False):
        with pytest.raises(export.ExportError, match=f"is not run: its graph holds.*{name}"):
            open_artefact(directory, to_run=to_run)


def test_an_initializer_is_not_run(tmp_path):
    """The file that it would write is not there, whether the model is opened or described."""
    written = tmp_path / "written"

    class Writes(tf.saved_model.experimental.TrackableResource):
        def _create_resource(self):
            with tf.control_dependencies([tf.io.write_file(str(written), "x")]):
                return tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)

        def _initialize(self):
            tf.io.write_file(str(written), "x")

    resource = Writes()
    _ = resource.resource_handle
    directory = served(tmp_path / "1", lambda text: text, resource=resource)
    written.unlink(missing_ok=True)
    for to_run in (True, False):
        with pytest.raises(export.ExportError, match="WriteFile"):
            open_artefact(directory, to_run=to_run)
    assert not written.exists()


def test_what_only_computes_is_run(tmp_path):
    """Loops, branches, variables and constants of somebody else are welcome."""
    table = tf.Variable(["a", "b"])

    def compute(text):
        place = tf.strings.to_hash_bucket_fast(text, 2)
        return tf.while_loop(
            lambda i, x: i < 2, lambda i, x: (i + 1, x + tf.gather(table, place)), [0, text]
        )[1]

    directory = served(tmp_path / "1", in_a_branch(compute), table=table)
    assert open_artefact(directory).run("serving_default", text=np.array([b"x"]))["text"] == [b"x"]


def test_a_constant_that_takes_all_memory_is_refused(tmp_path):
    from tensorflow.core.protobuf import saved_model_pb2

    directory = served(tmp_path / "1", lambda text: text + tf.constant("y"))
    file = directory / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for function in saved.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "Const" and node.attr["dtype"].type == tf.string.as_datatype_enum:
                node.attr["value"].tensor.tensor_shape.dim.add().size = 10**12
    file.write_bytes(saved.SerializeToString())
    with pytest.raises(export.ExportError, match="holds a constant of the shape"):
        open_artefact(directory)


@pytest.fixture(scope="module")
def version(served):
    return served / "1"


def test_description_needs_no_session(version):
    described = open_artefact(version, to_run=False)
    assert not hasattr(described, "session")
    assert described.describe() == open_artefact(version).describe()
    assert "serving_default" in described.describe()["signatures"]


@pytest.mark.parametrize(
    "name",
    [
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        "assets.extra/keras_seq2seq.json",
    ],
)
def test_every_file_is_checked(name, version, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(version, copy)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(export.ExportError, match="damaged|changed|not JSON"):
        open_artefact(copy)
    (copy / name).unlink()
    if name.startswith("variables"):
        with pytest.raises(export.ExportError, match=f"not whole: {name} is missing"):
            open_artefact(copy)


def test_a_file_too_many_is_told_but_not_what_a_server_is_given(version, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(version, copy)
    (copy / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"x")
    assert open_artefact(copy).generate(SOURCES).texts
    (copy / "variables" / "more").write_bytes(b"x")
    with pytest.raises(export.ExportError, match="more was not exported"):
        open_artefact(copy)


def test_exports_of_earlier_versions_have_no_hashes(version, trained, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(version, copy)
    manifest = copy / "assets.extra" / "keras_seq2seq.json"
    facts = read_sealed(manifest)
    for name in ("files", "seal"):
        del facts[name]
    manifest.write_text(json.dumps({**facts, "format": 1}), "utf-8")
    assert open_artefact(copy).generate(SOURCES).texts == trained.generate(SOURCES)
    manifest.unlink()
    assert open_artefact(copy).generate(SOURCES).texts == trained.generate(SOURCES)
