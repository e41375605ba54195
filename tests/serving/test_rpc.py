"""gRPC as TensorFlow Serving speaks it."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest


@pytest.fixture(scope="module")
def client(typed, small):
    """One server for all of this file."""
    from keras_seq2seq.serving import ModelServer
    from keras_seq2seq.serving.versions.model_directories import find_models

    with ModelServer(find_models(typed), rest_port=0, port=0, poll=0) as server:
        yield small.Client(server)


def request(signature="", name="typed", **inputs):
    message = PredictRequest()
    message.model_spec.name = name
    message.model_spec.signature_name = signature
    for key, value in inputs.items():
        message.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return message


def refused(call, message):
    with pytest.raises(grpc.RpcError) as error:
        call(message, timeout=20)
    return error.value.code().name, error.value.details()


def test_predict(client):
    response = client.predictions.Predict(request(text=["a", "b"]))
    assert response.outputs["text"].string_val == [b"3:a", b"3:b"]
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("typed", 3, "serving_default")
    slow = request("slow", text=["a"], rounds=[1])
    slow.model_spec.version.value = 3
    slow.output_filter.append("count")
    outputs = client.predictions.Predict(slow).outputs
    assert list(outputs) == ["count"] and list(outputs["count"].int_val) == [0]


def test_all_types_of_numbers_come_back(client, small):
    values = {name: np.array([[1, 0], [0, 1]], name) for name in small.NUMBERS}
    outputs = client.predictions.Predict(request("numbers", **values)).outputs
    for name, value in values.items():
        found = tf.make_ndarray(outputs[name])
        assert found.dtype == value.dtype and np.array_equal(found, value)
    halves = client.predictions.Predict(request("halves", half=np.array([0.5], "float16")))
    assert tf.make_ndarray(halves.outputs["half"]).tolist() == [0.5]


def test_wrong_requests_get_the_servers_codes_and_messages(client):
    def spec(message, **changes):
        for key, value in changes.items():
            setattr(message.model_spec, key, value)
        return message

    def filtered(*names):
        message = request(text=["a"])
        message.output_filter.extend(names)
        return message

    huge = request(text=["a"])
    huge.inputs["text"].tensor_shape.dim[0].size = 10**12
    strange = request(text=["a"])
    strange.inputs["text"].dtype = 20  # a handle of something in the server
    seventh = request(text=["a"])
    seventh.model_spec.version.value = 7
    for message, code, details in (
        (PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (request(name="", signature="x"), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (request(name="x"), "NOT_FOUND", "Servable not found for request: Latest(x)"),
        (seventh, "NOT_FOUND", "Servable not found for request: Specific(typed, 7)"),
        (
            spec(request(text=["a"]), version_label="x"),
            "INVALID_ARGUMENT",
            "Unrecognized servable version label: x",
        ),
        (request("x"), "FAILED_PRECONDITION", 'Serving signature key "x" not found.'),
        (
            request(),
            "INVALID_ARGUMENT",
            "input size does not match signature: 0!=1 len({}) != len({text}). Sent extra: {}. "
            "Missing but required: {text}.",
        ),
        (request(q=["a"]), "INVALID_ARGUMENT", "Signature input alias: text(feed name: serving_"),
        (request(text=[1]), "INVALID_ARGUMENT", "Expects arg[0] to be string but int32 is provid"),
        (request("slow", text=["a"], rounds=[1.0]), "INVALID_ARGUMENT", "Expects arg[0] to be int"),
        (request(text=[["a"]]), "INVALID_ARGUMENT", "Shape of tensor _arg_serving_default_text_0"),
        (filtered("q"), "INVALID_ARGUMENT", "output tensor alias not found in signature: q Output"),
        (filtered("text", "text"), "INVALID_ARGUMENT", "duplicate output tensor alias: text"),
        (
            huge,
            "INVALID_ARGUMENT",
            f"Task size {10**12} is larger than maximum input batch size 10",
        ),
        (strange, "INVALID_ARGUMENT", "tensor parsing error: text"),
        (request("__saved_model_init_op"), "INVALID_ARGUMENT", "Node 'NoOp' does not have output"),
    ):
        found = refused(client.predictions.Predict, message)
        assert (found[0], found[1][: len(details)]) == (code, details)
    nothing = client.predictions.Predict(request(text=np.zeros(0, str)))
    assert tf.make_ndarray(nothing.outputs["text"]).shape == (0,)


def test_deadlines_end_what_runs(client):
    slow = request("slow", text=["a"], rounds=[2**31 - 1])
    with pytest.raises(grpc.RpcError) as error:
        client.predictions.Predict(slow, timeout=0.2)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert client.predictions.Predict(request(text=["a"]), timeout=20)


def test_metadata_and_status(client):
    message = GetModelMetadataRequest(metadata_field=["signature_def"])
    message.model_spec.name = "typed"
    response = client.predictions.GetModelMetadata(message)
    signatures = SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert "numbers" in signatures.signature_def and response.model_spec.version.value == 3
    asked = client.predictions.GetModelMetadata
    nothing = refused(asked, GetModelMetadataRequest(model_spec=message.model_spec))
    assert nothing[1] == "GetModelMetadataRequest must specify at least one metadata_field"
    message.metadata_field[:] = ["x"]
    assert refused(asked, message)[1] == "Metadata field x is not supported"
    assert refused(asked, GetModelMetadataRequest())[1] == "Missing ModelSpec"
    status = GetModelStatusRequest(model_spec=message.model_spec)
    (found,) = client.models.GetModelStatus(status).model_version_status
    assert (found.version, found.state, found.status.error_code) == (3, found.AVAILABLE, 0)
    status.model_spec.name = "x"
    missing = ("NOT_FOUND", "Could not find any versions of model x")
    assert refused(client.models.GetModelStatus, status) == missing


def test_what_is_not_offered_is_refused(client):
    message = ClassificationRequest()
    message.model_spec.name = "typed"
    message.model_spec.signature_name = "slow"
    one = ("INVALID_ARGUMENT", "Expected one input Tensor.")
    assert refused(client.predictions.Classify, message) == one
    unimplemented = refused(client.predictions.MultiInference, MultiInferenceRequest())
    assert unimplemented[0] == "UNIMPLEMENTED"
    reload = refused(client.models.HandleReloadConfigRequest, ReloadConfigRequest())
    assert reload[0] == "UNIMPLEMENTED"


def test_health_is_told(client):
    health = health_pb2_grpc.HealthStub(client.channel)
    for service in ("", "tensorflow.serving.PredictionService"):
        status = health.Check(health_pb2.HealthCheckRequest(service=service)).status
        assert status == health_pb2.HealthCheckResponse.SERVING
