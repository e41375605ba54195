import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq import export
from keras_seq2seq.export.warmup.records import (
    FILTERS,
    WARMUP,
    Record,
    read_records,
    warmup_records,
    write_records,
)
from keras_seq2seq.export.warmup.warmup import replay_warmup


@pytest.fixture(scope="module")
def file(served):
    return served / "1" / WARMUP


@pytest.fixture(scope="module")
def signatures(served):
    return export.open_artefact(served, to_run=False).manifest["signatures"]


def test_each_signature_and_each_documented_filter_has_a_record(file, signatures):
    records = read_records(file)
    found = [record[:2] for record in records]
    filters = {(n, f) for n, some in FILTERS.items() if n in signatures for f in some}
    assert sorted(found) == sorted({(name, ()) for name in signatures} | filters)
    for record in records:
        inputs = signatures[record.signature]["inputs"]
        assert record.inputs.keys() == inputs.keys()
        for name, rows in record.inputs.items():
            assert len(rows) == 1 and rows.ndim == len(inputs[name]["shape"])


def test_requests_are_as_users_send_them(file, learnt):
    for record in read_records(file):
        for name, rows in record.inputs.items():
            if rows.dtype == object:
                assert rows[0].decode().strip(), (record.signature, name)
        if record.signature == "sample":
            neutral = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_length": 20}
            assert {k: record.inputs[k][0] for k in neutral} == neutral


def test_servers_can_read_it(file):
    """By the protocol's own classes, as an uncompressed TFRecord file."""
    log = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2", reason="needs tensorflow-serving-api"
    )
    contents = list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator())
    for content, record in zip(contents, read_records(file), strict=True):
        message = log.PredictionLog.FromString(content)
        assert message.WhichOneof("log_type") == "predict_log"
        request = message.predict_log.request
        assert request.model_spec.signature_name == record.signature
        assert tuple(request.output_filter) == record.outputs
        assert request.inputs.keys() == record.inputs.keys()
        for name, tensor in request.inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(tensor), record.inputs[name])
        assert message.SerializeToString(deterministic=True)
        assert len(message.SerializeToString()) == len(content)  # nothing it does not know


def test_values_that_nobody_gives():
    tensors = {
        "text": ("string", [-1]),
        "top_p": ("float32", [-1]),
        "ids": ("int32", [-1, -1]),
        "state_0": ("float32", [-1, 8]),
    }
    inputs = {name: {"dtype": kind, "shape": shape} for name, (kind, shape) in tensors.items()}
    about = {"one": {"inputs": inputs, "outputs": {}}}
    state = np.ones([2, 8])
    known = {"ids": [4, 3], ("one", "state_0"): state, ("other", "text"): b"no"}
    ((name, outputs, values),) = warmup_records(about, known)
    assert (name, outputs) == ("one", ())
    assert values["text"].tolist() == [b""] and values["top_p"].tolist() == [1.0]
    assert values["ids"].tolist() == [[4, 3]] and values["ids"].dtype == np.int32
    assert values["state_0"].shape == (2, 8) and values["state_0"].dtype == np.float32


def test_the_same_model_has_the_same_file(file, tmp_path):
    write_records(tmp_path / "a" / "requests", read_records(file))
    assert (tmp_path / "a" / "requests").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("damage", [lambda b: b[:-3], lambda b: b[:40] + b"?" + b[41:], None])
def test_a_damaged_file_is_told(file, tmp_path, damage):
    (tmp_path / "requests").write_bytes(damage(file.read_bytes()) if damage else b"")
    if damage is None:
        (tmp_path / "requests").unlink()
    with pytest.raises(export.ExportError, match="is no warm-up file, or was damaged"):
        read_records(tmp_path / "requests")


class Liar:
    """A SavedModel of which one signature works and the others do not."""

    def __init__(self, path, reply):
        self.path, self.reply = str(path), reply

    def run(self, signature, outputs=None, **inputs):
        if isinstance(self.reply, Exception):
            raise self.reply
        return {"score": np.array([self.reply], "float32"), "text": np.array([b""], object)}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (np.nan, "score of beam is not finite"),
        (ValueError("no op"), "request of beam fails: no op"),
    ],
    ids=["nan", "error"],
)
def test_a_request_that_fails_is_told(tmp_path, reply, message):
    (tmp_path / "assets.extra").mkdir()
    write_records(tmp_path / WARMUP, [Record("beam", (), {"text": np.array([b"x"], object)})])
    assert len(replay_warmup(Liar(tmp_path, 1.0))) == 1
    with pytest.raises(export.ExportError, match=message):
        replay_warmup(Liar(tmp_path, reply))


def test_filters_can_be_left_out(tmp_path):
    records = [Record("beam", outputs, {"text": np.zeros(1)}) for outputs in ((), ("text",))]
    write_records(tmp_path / WARMUP, records)
    assert len(replay_warmup(Liar(tmp_path, 1.0), filters=False)) == 1


@pytest.mark.slow
def test_every_request_runs(served, signatures):
    """As a server runs them when it loads a version: one that fails makes it refuse the version."""
    artefact = export.open_artefact(served)
    replies = replay_warmup(artefact)
    for record, reply in zip(read_records(served / "1" / WARMUP), replies, strict=True):
        assert reply.keys() == set(record.outputs or signatures[record.signature]["outputs"])


@pytest.mark.slow
def test_single_steps_are_warmed_up_with_what_encode_gives(trained, tmp_path):
    version = export.saved_model(trained, tmp_path, steps=True)
    records = {record.signature: record for record in read_records(version / WARMUP)}
    assert {"encode", "decode_step"} <= records.keys()
    replay_warmup(export.open_artefact(version))
    assert any(np.any(v) for k, v in records["decode_step"].inputs.items() if "memory" in k)
