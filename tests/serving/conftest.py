"""Small SavedModels, a server in this process, and clients of both protocols."""

import http.client
import json
from types import SimpleNamespace

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from keras_seq2seq.serving import ModelServer
from keras_seq2seq.serving.versions.model_directories import find_models

NUMBERS = ("bool", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32")


class Marked(tf.Module):
    """Puts a mark before each text: replies say which version gave them."""

    def __init__(self, mark):
        super().__init__()
        self.mark = tf.Variable(mark)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text):
        return {"text": tf.strings.join([self.mark, tf.ensure_shape(text, [None])])}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="text"),
            tf.TensorSpec([None], tf.int32, name="rounds"),
        ]
    )
    def slow(self, text, rounds):
        """As many rounds of a sum of numbers as are asked for: a request that takes its time."""

        def step(i, total):
            return i + 1, total + tf.reduce_sum(tf.range(1000.0) * total)

        _, total = tf.while_loop(lambda i, _: i < tf.reduce_max(rounds), step, [0, 0.0])
        count = tf.fill(tf.shape(text), tf.cast(total, tf.int32))
        return {"text": tf.strings.join([self.mark, text]), "count": count}


class Typed(Marked):
    """Signatures of all types that JSON can bear, and outputs that are written in their own way."""

    def numbers(self, *values):
        return dict(zip(NUMBERS, values, strict=True))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def raw(self, text):
        return {"text_bytes": text}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def scalar(self, text):
        return {"text": text, "count": tf.size(text)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float16, name="half")])
    def halves(self, half):
        return {"half": half}


def write(directory, mark, kind=Marked):
    """Writes a SavedModel whose every reply begins with `mark`."""
    model = kind(mark)
    signatures = {"serving_default": model.serve, "slow": model.slow}
    for name in ("raw", "scalar", "halves"):
        if hasattr(model, name):
            signatures[name] = getattr(model, name)
    if kind is Typed:
        specs = [tf.TensorSpec([None, 2], getattr(tf, kind), name=kind) for kind in NUMBERS]
        signatures["numbers"] = tf.function(model.numbers).get_concrete_function(*specs)
    temporary = directory.with_name(f"unfinished-{directory.name}")
    tf.saved_model.save(model, str(temporary), signatures)
    temporary.rename(directory)


class Client:
    """Asks a server by both protocols."""

    def __init__(self, server):
        self.server = server
        self.channel = grpc.insecure_channel(server.address)
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def ask(self, method, path, body=None, headers=()):
        """Status and body of the reply, which is read as JSON where it is said to be JSON."""
        connection = http.client.HTTPConnection(self.server.host, self.server.rest_port, 60)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
            is_json = response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(content) if is_json else content
        finally:
            connection.close()

    def predict(self, model, body, version=""):
        """Status and reply of a request to predict; what is no bytes is written as JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return self.ask("POST", f"/v1/models/{model}{version}:predict", body)


@pytest.fixture
def serving():
    """Starts a server for directories, with free ports; stops all at the end."""
    started = []

    def start(*directories, **options):
        finders = {}
        for directory in directories:
            finders |= find_models(directory)
        server = ModelServer(finders, rest_port=0, port=0, **{"poll": 0.05, **options})
        server.start()
        started.append(client := Client(server))
        return client

    yield start
    for client in started:
        client.channel.close()
        client.server.stop()


@pytest.fixture(scope="session")
def small():
    """What tests of this room cannot import from here."""
    return SimpleNamespace(write=write, Typed=Typed, Client=Client, NUMBERS=NUMBERS)


@pytest.fixture(scope="session")
def typed(tmp_path_factory):
    """The base directory of a model with signatures of all types."""
    base = tmp_path_factory.mktemp("models") / "typed"
    base.mkdir()
    write(base / "3", "3:", Typed)
    return base
