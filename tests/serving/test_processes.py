"""The command as a process: signals, ports, and many clients while versions are swapped."""

import http.client
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import grpc
import keras
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("KERAS_SEQ2SEQ_SWAP_SECONDS", "60"))
SWAP = 20  # seconds from one version to the next
CLIENTS = 32


class Process:
    """A server in a process of its own, and what it has said."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "keras_seq2seq", "serve", *map(str, arguments)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("For development"):
                break
        ports = dict(re.findall(r"(REST|gRPC)  (?:http://)?127\.0\.0\.1:(\d+)", self.text()))
        self.rest_port, self.port = int(ports.get("REST", 0)), int(ports.get("gRPC", 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        self.said.extend(self.process.stderr)

    def text(self):
        return "".join(self.said)

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(90)
        self._reader.join(10)
        return code

    def predict(self, body, model="model", connection=None):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.rest_port, 120)
        connection.request("POST", f"/v1/models/{model}:predict", json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def memory(self):
        """Bytes that are resident."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


FREE = ("--rest-port", 0, "--port", 0)


@pytest.fixture
def started():
    processes = []

    def start(*arguments):
        processes.append(Process(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        process.process.kill()
        process.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_lets_requests_end(started, small, tmp_path, number):
    (tmp_path / "model").mkdir()
    small.write(tmp_path / "model" / "1", "1:")
    server = started(tmp_path / "model", *FREE)
    replies = []
    slow = {"signature_name": "slow", "instances": [{"text": "a", "rounds": 3 * 10**5}]}
    asker = threading.Thread(target=lambda: replies.append(server.predict(slow)))
    asker.start()
    time.sleep(1)
    assert server.end(number) == 0
    asker.join()
    assert replies == [(200, {"predictions": [{"count": 0, "text": "1:a"}]})]
    assert "Stopping" in server.text() and "Traceback" not in server.text()


def test_two_servers_do_not_share_a_port(started, small, tmp_path):
    (tmp_path / "model").mkdir()
    small.write(tmp_path / "model" / "1", "1:")
    first = started(tmp_path / "model", *FREE)
    for ports in (
        ("--rest-port", first.rest_port, "--port", 0),
        ("--rest-port", 0, "--port", first.port),
    ):
        second = started(tmp_path / "model", *ports)
        assert second.process.wait(60) == 2
        assert "Address already in use" in second.text() and "Traceback" not in second.text()
    assert first.predict({"instances": ["a"]}) == (200, {"predictions": ["1:a"]})
    assert first.end(signal.SIGINT) == 0


@pytest.fixture(scope="module")
def two_versions(trained, learnt, tmp_path_factory):
    """(directory, sources, for each of two models what it says of them)."""
    from keras_seq2seq import export

    directory = tmp_path_factory.mktemp("two")
    sources, targets = map(list, zip(*learnt, strict=True))
    export.saved_model(trained, directory / "first")
    other = trained.copy()
    other.compile(keras.optimizers.Adam(0.02), trained.loss)
    other.fit(sources, targets[1:] + targets[:1], epochs=90, verbose=0)
    export.saved_model(other, directory / "second")
    answers = [model.generate(sources) for model in (trained, other)]
    assert not set(enumerate(answers[0])) & set(enumerate(answers[1]))
    return directory, sources, answers


def test_no_reply_is_wrong_dropped_or_mixed_while_versions_are_swapped(
    started, two_versions, tmp_path
):
    """KERAS_SEQ2SEQ_SWAP_SECONDS says for how long; odd versions are the first model."""
    directory, sources, answers = two_versions
    originals = [directory / name / "1" for name in ("first", "second")]
    base = tmp_path / "model"
    shutil.copytree(originals[0], base / "1")
    server = started(base, *FREE, "--timeout", 120)
    stopped, wrong, counts = threading.Event(), [], itertools.count()
    seen, memory = set(), []

    def judge(texts, rows, number=None):
        models = [i for i in (0, 1) if [answers[i][row] for row in rows] == texts]
        if len(models) != 1 or (number is not None and number % 2 == models[0]):
            wrong.append((number, rows, texts))
        seen.update(models)
        next(counts)

    def rest(seed):
        connection = http.client.HTTPConnection("127.0.0.1", server.rest_port, 120)
        for i in itertools.count(seed):
            if stopped.is_set():
                return
            rows = [(i + k) % len(sources) for k in range(1 + i % 4)]
            body = {"instances": [sources[row] for row in rows]}
            code, reply = server.predict(body, connection=connection)
            if code != 200:
                wrong.append((code, reply))
                continue
            judge([found["text"] for found in reply["predictions"]], rows)

    def rpc(seed):
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            for i in itertools.count(seed):
                if stopped.is_set():
                    return
                rows = [(i + k) % len(sources) for k in range(1 + i % 4)]
                request = predict_pb2.PredictRequest(output_filter=["text"])
                request.model_spec.name = "model"
                texts = [sources[row] for row in rows]
                request.inputs["text"].CopyFrom(tf.make_tensor_proto(texts))
                reply = stub.Predict(request, timeout=120)
                found = [text.decode() for text in reply.outputs["text"].string_val]
                judge(found, rows, reply.model_spec.version.value)

    def guarded(client, seed):
        try:
            client(seed)
        except Exception as error:
            wrong.append(repr(error))

    threads = [
        threading.Thread(target=guarded, args=((rest, rpc)[seed % 2], seed))
        for seed in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    end, number = time.monotonic() + SECONDS, 1
    while time.monotonic() < end:
        time.sleep(SWAP)
        memory.append(server.memory() >> 20)
        number += 1
        temporary = base / "copied"
        shutil.copytree(originals[(number + 1) % 2], temporary)
        temporary.rename(base / str(number))
        if number > 2:
            shutil.rmtree(base / str(number - 2))
    stopped.set()
    for thread in threads:
        thread.join()
    print(f"{next(counts)} replies, {len(wrong)} wrong, {number} versions, MiB: {memory}")
    assert wrong == [] and seen == {0, 1}
    assert server.end(signal.SIGTERM) == 0
