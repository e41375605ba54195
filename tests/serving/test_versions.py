"""Versions come and go while requests are answered."""

import shutil
import threading
import time

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

ASKED = {"instances": ["a"]}


@pytest.fixture(scope="module")
def originals(tmp_path_factory, small):
    """Versions to copy, each with its own mark."""
    directory = tmp_path_factory.mktemp("originals")
    for number in (1, 2):
        small.write(directory / str(number), f"{number}:")
    return directory


@pytest.fixture
def base(originals, tmp_path):
    base = tmp_path / "model"
    shutil.copytree(originals / "1", base / "1")
    return base


def appear(source, target):
    temporary = target.with_name("copied")
    shutil.copytree(source, temporary)
    temporary.rename(target)


def eventually(question, expected):
    """Asks until the answer is there; the time limit is no measure of anything."""
    end = time.monotonic() + 60
    while (answer := question()) != expected and time.monotonic() < end:
        time.sleep(0.02)
    assert answer == expected


def states(client):
    code, reply = client.ask("GET", "/v1/models/model")
    found = reply.get("model_version_status", ())
    return {int(version["version"]): version["state"] for version in found}


def test_the_newest_is_served_and_swapped(serving, base, originals):
    client = serving(base)
    assert client.predict("model", ASKED) == (200, {"predictions": ["1:a"]})
    (base / "notes").mkdir()
    appear(originals / "2", base / "2")
    eventually(lambda: client.predict("model", ASKED)[1], {"predictions": ["2:a"]})
    eventually(lambda: states(client), {2: "AVAILABLE", 1: "END"})
    assert client.predict("model", ASKED, "/versions/1")[0] == 404
    shutil.rmtree(base / "2")  # the older one is there still
    eventually(lambda: client.predict("model", ASKED)[1], {"predictions": ["1:a"]})
    eventually(lambda: states(client), {2: "END", 1: "AVAILABLE"})
    shutil.rmtree(base / "1")
    eventually(lambda: client.predict("model", ASKED)[0], 404)
    eventually(lambda: states(client), {2: "END", 1: "END"})
    appear(originals / "2", base / "0009")
    eventually(lambda: client.predict("model", ASKED, "/versions/9")[0], 200)


def test_a_request_ends_on_the_version_it_began_with(serving, base, originals):
    client = serving(base, threads=2)
    replies = []
    slow = {"signature_name": "slow", "instances": [{"text": "a", "rounds": 10**5}]}
    asker = threading.Thread(target=lambda: replies.append(client.predict("model", slow)))
    asker.start()
    model = client.server.core.models.get("model")
    eventually(model.running, {1: 1})
    appear(originals / "2", base / "2")
    eventually(lambda: client.predict("model", ASKED)[1], {"predictions": ["2:a"]})
    if not replies:  # else this machine was too slow to show it
        assert states(client)[1] in ("UNLOADING", "END")
    asker.join()
    assert replies == [(200, {"predictions": [{"count": 0, "text": "1:a"}]})]
    eventually(lambda: states(client), {2: "AVAILABLE", 1: "END"})


def test_a_broken_version_is_told_and_the_old_one_goes_on(serving, base, originals):
    client = serving(base)
    (base / "2").mkdir()
    eventually(lambda: states(client), {2: "END", 1: "AVAILABLE"})
    code, reply = client.ask("GET", "/v1/models/model/versions/2")
    (status,) = reply["model_version_status"]
    assert status["status"]["error_code"] == "NOT_FOUND"
    assert "Could not find SavedModel .pb" in status["status"]["error_message"]
    assert client.predict("model", ASKED) == (200, {"predictions": ["1:a"]})
    shutil.copytree(originals / "2", base / "2", dirs_exist_ok=True)  # mended: tried again
    eventually(lambda: client.predict("model", ASKED)[1], {"predictions": ["2:a"]})


def test_a_vanished_base_stops_nothing(serving, base):
    client = serving(base)
    base.rename(base.with_name("away"))
    for _ in range(5):
        assert client.predict("model", ASKED) == (200, {"predictions": ["1:a"]})
        time.sleep(0.05)


def record(directory, *requests):
    path = directory / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, texts in requests:
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            request.inputs["text"].CopyFrom(tf.make_tensor_proto(texts))
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())
    return path


def test_requests_to_warm_up_are_run_and_must_succeed(serving, base, originals):
    record(base / "1", ("serving_default", ["a"]), ("", ["a", "b"]))
    client = serving(base)
    _, page = client.ask("GET", "/monitoring/prometheus/metrics")
    assert b":tensorflow:serving:model_warmup_latency_count" in page
    shutil.copytree(originals / "2", base / "unfinished")
    record(base / "unfinished", ("nothing", ["a"]))
    (base / "unfinished").rename(base / "2")
    eventually(lambda: states(client), {2: "END", 1: "AVAILABLE"})
    cut = record(base / "cut", ("", ["a"]))
    cut.write_bytes(cut.read_bytes()[:-3])
    cut.replace(base / "2" / cut.relative_to(base / "cut"))  # a whole one would be served

    def told():
        _, reply = client.ask("GET", "/v1/models/model/versions/2")
        return reply["model_version_status"][0]["status"]["error_code"]

    eventually(told, "DATA_LOSS")
    record(base / "2", ("", ["a"]))
    eventually(lambda: client.predict("model", ASKED)[1], {"predictions": ["2:a"]})
    record(base / "2", ("nothing", ["a"]))
    other = serving(base, warmed_up=False)
    assert other.predict("model", ASKED) == (200, {"predictions": ["2:a"]})


def test_more_requests_than_places_are_refused_at_once(serving, base):
    client = serving(base, threads=1, places=1)
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "model"
    request.inputs["text"].CopyFrom(tf.make_tensor_proto(["a"]))
    gate = threading.Event()
    for _ in range(2):
        client.server.work.submit(gate.wait)
    code, reply = client.predict("model", ASKED)
    assert code == 503 and reply["error"].startswith("The server has as many requests waiting")
    with pytest.raises(grpc.RpcError) as error:
        client.predictions.Predict(request)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    assert client.ask("GET", "/v1/models/model")[0] == 200  # who only asks is answered
    gate.set()
    eventually(lambda: client.predict("model", ASKED)[0], 200)
    assert client.predictions.Predict(request).outputs["text"].string_val == [b"1:a"]


def test_what_waits_too_long_is_not_computed(serving, base):
    client = serving(base, threads=1, timeout=0.01)
    gate = threading.Event()
    client.server.work.submit(gate.wait)
    threading.Timer(0.1, gate.set).start()
    assert client.predict("model", ASKED)[0] == 504


def test_several_models_in_one_server(serving, base, originals, tmp_path):
    shutil.copytree(originals / "2", tmp_path / "shelf" / "models" / "two" / "1")
    client = serving(base, tmp_path / "shelf")
    assert client.predict("model", ASKED) == (200, {"predictions": ["1:a"]})
    assert client.predict("two", ASKED) == (200, {"predictions": ["2:a"]})
