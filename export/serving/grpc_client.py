"""Asks TensorFlow Serving's gRPC interface. Needs grpcio and protobuf, not TensorFlow.

python grpc_client.py --url localhost:8500 --model mine "저는 학생이에요."
python grpc_client.py --url localhost:8500 --model mine < sentences.txt
python grpc_client.py --model mine --signature beam --json "저는 학생이에요."
python grpc_client.py --url https://example.org:443 --ca-file ca.pem --model mine --status
"""

import json
import pathlib
import random
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from model_client import MOST_ROWS, ModelClient
from serving_error import ServingError
from serving_protocol import CLASSES, HEALTH, STATES, TYPES
from tensor_values import from_tensor, to_tensor

PREDICTION = "tensorflow.serving.PredictionService"
# RESOURCE_EXHAUSTED is an overloaded server, or, in the words of C++, Go or Java, a message that
# is too large and stays so.
_TOO_LARGE = re.compile(r"message.* (larger than|exceeds).* max", re.IGNORECASE)


class GrpcClient(ModelClient):
    """One model on one server; threads may share it.

    Args:
        url: Address of the server, `localhost:8500`; with TLS `https://host:443`; in turn all
            that a name stands for, `dns:///name:8500`.
        model: Its name there.
        version: Number of a version; by default the server chooses the newest.
        label: Label of a version, such as `stable`; instead of `version`.
        batch_size: Rows sent at once; a longer request is cut to such pieces, in order.
        timeout: Seconds a request may take, retries included. The server hears of it and, while the
            request waits in its queue, drops it then.
        retries: How often a request is sent again after UNAVAILABLE, or RESOURCE_EXHAUSTED that
            is not about the size of a message.
        wait_for_ready: Waits for a server that is not up yet, within the timeout.
        ca_file: Certificates to trust instead of those that grpc brings, PEM; turns TLS on.
        headers: Metadata sent along, such as `{"authorization": "Bearer ..."}`.

    Example:

    ```python
    client = GrpcClient("localhost:8500", "mine", timeout=10)
    client.translate(["저는 학생이에요."])  # ["I am a student."]
    client.predict({"text": ["저는 학생이에요."]}, "beam", only=["text"])
    ```
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        batch_size: int = MOST_ROWS,
        timeout: float = 30.0,
        retries: int = 4,
        wait_for_ready: bool = False,
        ca_file: str | None = None,
        headers: dict[str, str] | None = None,
    ):
        super().__init__(timeout, batch_size)
        self._retries = retries
        if version is not None and label is not None:
            raise ValueError("Give version or label, not both.")
        self._spec = {"name": model, "version_label": label or ""}
        if version is not None:
            self._spec["version"] = CLASSES["Int64Value"](value=version)
        self._wait_for_ready = wait_for_ready
        self._metadata = [(name.lower(), value) for name, value in (headers or {}).items()]
        service = {"loadBalancingConfig": [{"round_robin": {}}]}  # of all addresses of a name
        options = [
            ("grpc.service_config", json.dumps(service)),
            ("grpc.enable_retries", int(bool(retries))),  # those that it can know to be safe
            ("grpc.max_receive_message_length", -1),  # not 4 MB: attention of 32 texts has more
        ]
        address = url.removeprefix("https://").removeprefix("http://")
        if ca_file or url.startswith("https://"):
            trust = pathlib.Path(ca_file).read_bytes() if ca_file else None
            credentials = grpc.ssl_channel_credentials(root_certificates=trust)
            self._channel = grpc.secure_channel(address, credentials, options)
        else:
            self._channel = grpc.insecure_channel(address, options)
        self._methods: dict[str, Any] = {}

    def status(self) -> dict[str, str]:
        request = CLASSES["GetModelStatusRequest"](model_spec=self._model())
        answer = self._call("tensorflow.serving.ModelService", "GetModelStatus", request)
        return {
            str(about.version): STATES.get(about.state, "UNKNOWN")
            + (f": {about.status.error_message}" if about.status.error_message else "")
            for about in answer.model_version_status
        }

    def signatures(self) -> dict[str, Any]:
        request = CLASSES["GetModelMetadataRequest"](
            model_spec=self._model(), metadata_field=["signature_def"]
        )
        answer = self._call(PREDICTION, "GetModelMetadata", request)
        found = CLASSES["SignatureDefMap"].FromString(answer.metadata["signature_def"].value)
        return {
            name: {"inputs": _describe(about.inputs), "outputs": _describe(about.outputs)}
            for name, about in sorted(found.signature_def.items())
            if not name.startswith("__")
        }

    def health(self) -> str:
        """`SERVING`, if the server runs with --enable_grpc_healthcheck_service."""
        request = CLASSES["HealthCheckRequest"]()
        return HEALTH.get(self._call("grpc.health.v1.Health", "Check", request).status, "UNKNOWN")

    def _predict_once(
        self, inputs: dict[str, list], signature: str, only: Sequence[str], timeout: float
    ) -> dict[str, list]:
        request = CLASSES["PredictRequest"](model_spec=self._model(signature), output_filter=only)
        for name, values in inputs.items():
            kind = self._type_of(name, values, signature)
            try:
                request.inputs[name].CopyFrom(to_tensor(values, kind))
            except ValueError as error:
                raise ValueError(f"Input {name}: {error}") from None
        outputs = self._call(PREDICTION, "Predict", request, timeout).outputs
        return {name: from_tensor(outputs[name]) for name in sorted(outputs)}

    def _type_of(self, name: str, values: list, signature: str) -> str:
        """Of text it is known, of numbers the server knows it."""
        if all(isinstance(value, str | bytes) for value in values):
            return "DT_STRING"
        return self.inputs_of(signature, [name])[name]["dtype"]

    def _model(self, signature: str = "") -> Any:
        return CLASSES["ModelSpec"](**self._spec, signature_name=signature)

    def _call(self, service: str, method: str, request: Any, timeout: float | None = None) -> Any:
        if method not in self._methods:
            reply = type(request).DESCRIPTOR.name.replace("Request", "Response")
            self._methods[method] = self._channel.unary_unary(
                f"/{service}/{method}",
                request_serializer=CLASSES[type(request).DESCRIPTOR.name].SerializeToString,
                response_deserializer=CLASSES[reply].FromString,
            )
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        for tries in range(self._retries + 1):
            try:
                return self._methods[method](
                    request,
                    timeout=max(deadline - time.monotonic(), 0.0),
                    metadata=self._metadata,
                    wait_for_ready=self._wait_for_ready,
                )
            except grpc.RpcError as error:
                # Full jitter, so that clients turned away together do not come back together.
                wait = random.uniform(0, min(0.1 * 2**tries, 5.0))
                late = time.monotonic() + wait > deadline
                if late or tries == self._retries or not _may_pass(error):
                    message = error.details() or "no message"
                    raise ServingError(message, error.code().name) from error
            time.sleep(wait)


def _may_pass(error: grpc.RpcError) -> bool:
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return not _TOO_LARGE.search(error.details() or "")
    return error.code() is grpc.StatusCode.UNAVAILABLE


def _describe(tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "dtype": TYPES.get(about.dtype, (f"DataType {about.dtype}",))[0],
            "shape": [dim.size for dim in about.tensor_shape.dim],
        }
        for name, about in sorted(tensors.items())
    }


if __name__ == "__main__":
    from client_command import run

    sys.exit(run(GrpcClient, __doc__, url="localhost:8500"))
