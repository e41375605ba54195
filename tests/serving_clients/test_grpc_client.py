"""The gRPC client: against a server of grpc's own, and its messages against the official ones."""

import importlib
from concurrent.futures import ThreadPoolExecutor

import client_command
import grpc
import pytest
from grpc_client import PREDICTION, GrpcClient
from serving_error import ServingError
from serving_protocol import CLASSES, MESSAGES
from tensor_values import from_tensor, to_tensor

OFFICIAL = {  # where the official messages are, if not in tensorflow_serving/apis
    "Dim": ("tensorflow.core.framework.tensor_shape_pb2", "TensorShapeProto.Dim"),
    "Shape": ("tensorflow.core.framework.tensor_shape_pb2", "TensorShapeProto"),
    "Tensor": ("tensorflow.core.framework.tensor_pb2", "TensorProto"),
    "TensorInfo": ("tensorflow.core.protobuf.meta_graph_pb2", "TensorInfo"),
    "SignatureDef": ("tensorflow.core.protobuf.meta_graph_pb2", "SignatureDef"),
    "Any": ("google.protobuf.any_pb2", "Any"),
    "Int64Value": ("google.protobuf.wrappers_pb2", "Int64Value"),
    "HealthCheckRequest": ("grpc_health.v1.health_pb2", "HealthCheckRequest"),
    "HealthCheckResponse": ("grpc_health.v1.health_pb2", "HealthCheckResponse"),
}
APIS = {
    "ModelSpec": "model",
    "PredictRequest": "predict",
    "PredictResponse": "predict",
    "StatusProto": "status",
    "ModelVersionStatus": "get_model_status",
    "GetModelStatusRequest": "get_model_status",
    "GetModelStatusResponse": "get_model_status",
    "GetModelMetadataRequest": "get_model_metadata",
    "GetModelMetadataResponse": "get_model_metadata",
    "SignatureDefMap": "get_model_metadata",
}


class Serving(grpc.GenericRpcHandler):
    """Answers texts in capitals, after it has refused with `failures`, codes and messages."""

    def __init__(self):
        self.asked, self.failures = [], []

    def service(self, details):
        service, method = details.method.strip("/").split("/")
        answer = getattr(self, method, None)
        if answer is None:
            return None
        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=CLASSES[
                "HealthCheckRequest" if method == "Check" else f"{method}Request"
            ].FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def Predict(self, request, context):
        self.asked.append((request, dict(context.invocation_metadata())))
        if self.failures:
            context.abort(*self.failures.pop())
        answer = CLASSES["PredictResponse"]()
        texts = from_tensor(request.inputs["text"])
        outputs = {"text": [t.upper() for t in texts], "score": [-0.5] * len(texts)}
        kinds = {"text": "DT_STRING", "score": "DT_FLOAT"}
        for name in request.output_filter or outputs:
            answer.outputs[name].CopyFrom(to_tensor(outputs[name], kinds[name]))
        return answer

    def GetModelStatus(self, request, context):
        answer = CLASSES["GetModelStatusResponse"]()
        answer.model_version_status.add(version=7, state=30)
        failed = answer.model_version_status.add(version=8, state=50)
        failed.status.error_message = "no space"
        return answer

    def GetModelMetadata(self, request, context):
        signatures = CLASSES["SignatureDefMap"]()
        about = signatures.signature_def["beam_options"].inputs
        about["text"].dtype = 7
        about["max_length"].dtype = 3
        about["max_length"].tensor_shape.dim.add(size=-1)
        signatures.signature_def["__saved_model_init_op"].method_name = "x"
        answer = CLASSES["GetModelMetadataResponse"]()
        answer.metadata["signature_def"].value = signatures.SerializeToString()
        return answer

    def Check(self, request, context):
        return CLASSES["HealthCheckResponse"](status=1)


@pytest.fixture
def serving():
    handler = Serving()
    any_size = [("grpc.max_receive_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(2), [handler], options=any_size)
    handler.url = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield handler
    server.stop(None)


def test_a_long_list_goes_in_pieces_and_comes_back_in_order(serving):
    texts = [f"text {i}" for i in range(71)]
    client = GrpcClient(serving.url, "mine", headers={"Authorization": "Bearer x"})
    assert client.translate(texts) == [text.upper() for text in texts]
    assert [len(request.inputs["text"].string_val) for request, _ in serving.asked] == [32, 32, 7]
    request, metadata = serving.asked[0]
    assert (request.model_spec.name, request.model_spec.signature_name) == (
        "mine",
        "serving_default",
    )
    assert metadata["authorization"] == "Bearer x"


def test_outputs_versions_labels_and_types(serving):
    client = GrpcClient(serving.url, "mine", version=0)
    assert client.predict({"text": ["x"]}, only=["score"]) == {"score": [-0.5]}
    assert serving.asked[-1][0].model_spec.HasField("version")
    GrpcClient(serving.url, "mine", label="canary").predict(
        {"text": ["x"], "max_length": [3]}, "beam_options"
    )
    request = serving.asked[-1][0]
    assert request.model_spec.version_label == "canary"
    assert (request.inputs["max_length"].dtype, [*request.inputs["max_length"].int_val]) == (3, [3])


def test_an_overloaded_server_is_asked_again(serving):
    serving.failures = [(grpc.StatusCode.UNAVAILABLE, "queue is full")] * 2
    assert GrpcClient(serving.url, "mine").translate(["x"]) == ["X"]
    assert len(serving.asked) == 3
    serving.failures = [(grpc.StatusCode.UNAVAILABLE, "queue is full")]
    with pytest.raises(ServingError, match="UNAVAILABLE: queue is full"):
        GrpcClient(serving.url, "mine", retries=0).translate(["x"])
    serving.failures = [(grpc.StatusCode.INVALID_ARGUMENT, "wrong dtype")]
    with pytest.raises(ServingError, match="wrong dtype") as caught:
        GrpcClient(serving.url, "mine").translate(["x"])
    assert (caught.value.kind, len(serving.asked)) == ("INVALID_ARGUMENT", 5)


def test_what_is_too_large_is_not_asked_again(serving):
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    serving.failures = [(code, "too many at once")]
    assert GrpcClient(serving.url, "mine").translate(["x"]) == ["X"]
    assert len(serving.asked) == 2
    words = ["Received message larger than max (9 vs. 4)", "gRPC message exceeds maximum size 4: 9"]
    words += ["grpc: received message larger than max", "Sent message larger than max (9 vs. 4)"]
    for count, text in enumerate(words, 3):
        serving.failures = [(code, text)]
        with pytest.raises(ServingError, match=text.split(":")[0].split("(")[0]):
            GrpcClient(serving.url, "mine").translate(["x"])
        assert len(serving.asked) == count


def test_replies_may_be_larger_than_grpc_allows_by_itself(serving):
    long = "x" * 3_000_000
    assert GrpcClient(serving.url, "mine").translate([long, long]) == [long.upper()] * 2


def test_the_command_names_what_is_wrong(serving, capsys):
    def run(*arguments):
        given = ["--url", serving.url, "--model", "mine", *arguments]
        code = client_command.run(GrpcClient, "", given, url="")
        return code, capsys.readouterr().err

    options = ("--signature", "beam_options", "--option", "max_length=1.5", "x")
    code, error = run(*options)
    assert code == 2 and "Input max_length: A value is not of the type DT_INT32" in error
    assert run("--ca-file", "nope.pem", "x") == (2, "error: nope.pem: No such file or directory\n")


def test_status_health_signatures(serving):
    client = GrpcClient(serving.url, "mine")
    client.wait_until_ready(5)
    assert client.status() == {"7": "AVAILABLE", "8": "END: no space"}
    assert client.health() == "SERVING"
    inputs = {
        "max_length": {"dtype": "DT_INT32", "shape": [-1]},
        "text": {"dtype": "DT_STRING", "shape": []},
    }
    assert client.signatures() == {"beam_options": {"inputs": inputs, "outputs": {}}}


def test_nobody_at_home():
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        GrpcClient("127.0.0.1:9", "mine", retries=0, timeout=5).translate(["x"])
    patient = GrpcClient("127.0.0.1:9", "mine", timeout=0.3, wait_for_ready=True)
    with pytest.raises(ServingError, match="DEADLINE_EXCEEDED"):
        patient.translate(["x"])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("DT_STRING", [["a", "학교"], ["", b"\xff"]]),
        ("DT_FLOAT", [0.5, -1.0]),
        ("DT_INT32", [[1, 2, 3]]),
        ("DT_INT64", []),
        ("DT_BOOL", [True, False]),
    ],
)
def test_tensors_come_back_as_they_went(kind, values):
    assert from_tensor(to_tensor(values, kind)) == values


def test_tensors_as_tensorflow_packs_them():
    packed = CLASSES["Tensor"](dtype=1, tensor_content=b"\0\0\0\x3f\0\0\x80\xbf")
    packed.tensor_shape.dim.add(size=2)
    assert from_tensor(packed) == [0.5, -1.0]
    repeated = CLASSES["Tensor"](dtype=3, int_val=[4])
    repeated.tensor_shape.dim.add(size=3)
    assert from_tensor(repeated) == [4, 4, 4]
    with pytest.raises(ValueError, match="different lengths"):
        to_tensor([["a"], ["b", "c"]], "DT_STRING")
    with pytest.raises(ValueError, match="DataType 19"):
        from_tensor(CLASSES["Tensor"](dtype=19))


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_the_official_ones(name):
    """Numbers, names and wire types; an enum is an int32 on the wire."""
    api = f"tensorflow_serving.apis.{APIS[name]}_pb2" if name in APIS else ""
    module, path = (api, name) if api else OFFICIAL[name]
    try:
        official = importlib.import_module(module)
    except ImportError:
        pytest.skip(
            f"{module} is not installed: install tensorflow-serving-api and grpcio-health-checking"
        )
    for part in path.split("."):
        official = getattr(official, part)
    theirs = official.DESCRIPTOR.fields_by_number
    for number, field in CLASSES[name].DESCRIPTOR.fields_by_number.items():
        other = theirs[number]
        assert (field.name, field.is_repeated) == (other.name, other.is_repeated)
        alike = {other.TYPE_ENUM: field.TYPE_INT32}.get(other.type, other.type)
        assert field.type == alike


def test_the_service_is_the_official_one():
    pytest.importorskip("tensorflow_serving")
    from tensorflow_serving.apis import prediction_service_pb2

    services = prediction_service_pb2.DESCRIPTOR.services_by_name
    assert services["PredictionService"].full_name == PREDICTION
