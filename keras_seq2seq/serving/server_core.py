"""What REST and gRPC have in common: which model, what it says of itself, what it refuses."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import grpc
import numpy as np
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusResponse,
    ModelVersionStatus,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec

from keras_seq2seq.serving.metrics import Metrics
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.versions.servable import Servable
from keras_seq2seq.serving.versions.served_models import ServedModels


class ServerCore:
    """The models of a server, asked by `ModelSpec`: a name, and a version or none.

    Args:
        models: What is served.
        metrics: What is counted.

    Example:

    ```python
    core = ServerCore(models, metrics)
    with core.lease(ModelSpec(name="ko_en")) as (version, servable):
        core.metadata(ModelSpec(name="ko_en"))
    ```
    """

    def __init__(self, models: ServedModels, metrics: Metrics):
        self.models = models
        self.metrics = metrics

    @contextlib.contextmanager
    def lease(self, spec: ModelSpec) -> Iterator[tuple[int, Servable]]:
        """The version that a request asks for, kept while it runs.

        Raises:
            ServingError: it is not served.
        """
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        if spec.WhichOneof("version_choice") == "version_label":  # only a config file gives them
            raise invalid(f"Unrecognized servable version label: {spec.version_label}")
        number = spec.version.value if spec.HasField("version") else None
        with self.models.get(spec.name, number).lease(number) as leased:
            yield leased

    def run(
        self,
        servable: Servable,
        model_name: str,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Iterable[str],
        deadline: float | None,
    ) -> dict[str, np.ndarray]:
        """Runs a signature before `deadline`, of `time.monotonic`; what waited too long is not run.

        Raises:
            ServingError: as `Servable.predict`, or DEADLINE_EXCEEDED.
        """
        start = time.monotonic()
        left = None if deadline is None else deadline - start
        if left is not None and left <= 0:
            message = "Timed out waiting for notification"  # what the runtime itself says
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, message)
        outputs = servable.predict(signature_name, inputs, output_filter, left)
        seconds = time.monotonic() - start
        self.metrics.time("runtime_latency", seconds, model_name, "Predict", "TF1")
        return outputs

    def status(self, spec: ModelSpec) -> GetModelStatusResponse:
        """The states of all versions, or of one."""
        model = self.models.find(spec.name)
        states = model.states() if model else {}
        if spec.HasField("version"):
            number = spec.version.value
            if number not in states:
                message = f"Could not find version {number} of model {spec.name}"
                raise ServingError(grpc.StatusCode.NOT_FOUND, message)
            states = {number: states[number]}
        if not states:
            message = f"Could not find any versions of model {spec.name}"
            raise ServingError(grpc.StatusCode.NOT_FOUND, message)
        response = GetModelStatusResponse()
        for number, (state, error) in states.items():
            status = response.model_version_status.add(version=number)
            status.state = ModelVersionStatus.State.Value(state)
            if error:
                status.status.error_code = error.code.value[0]
                status.status.error_message = error.message
            else:
                status.status.SetInParent()
        return response

    def metadata(self, spec: ModelSpec) -> GetModelMetadataResponse:
        """The signatures of a model, also the one that starts it."""
        response = GetModelMetadataResponse()
        with self.lease(spec) as (version, servable):
            response.model_spec.name = spec.name
            response.model_spec.version.value = version
            response.metadata["signature_def"].Pack(self.signatures(servable))
        return response

    @staticmethod
    def signatures(servable: Servable) -> SignatureDefMap:
        """The signatures of a version as one message."""
        found = SignatureDefMap()
        for name, signature in servable.signatures.items():
            found.signature_def[name].CopyFrom(signature)
        return found

    def refusal_of_examples(self, spec: ModelSpec, method: str) -> ServingError:
        """Why `classify` and `regress` are refused: there are signatures of Predict alone.

        Raises:
            ServingError: there is no such model or signature.
        """
        with self.lease(spec) as (_, servable):
            name = spec.signature_name or "serving_default"
            if name not in servable.signatures:
                raise invalid(f"No signature was found with the name: {name}")
            return invalid(_why_not(servable.signatures[name], method))


def _why_not(signature: Any, method: str) -> str:
    classify = method == "classify"
    if len(signature.inputs) != 1:
        return "Expected one input Tensor."
    if classify and len(signature.outputs) not in (1, 2):
        return f"Expected one or two output Tensors, found {len(signature.outputs)}"
    if not classify and len(signature.outputs) != 1:
        return "Expected one output Tensor."
    kind = "classification" if classify else "regression"
    if "inputs" not in signature.inputs:
        return f"No {kind} inputs found in SignatureDef: {signature}"
    return f"No {kind} outputs found in SignatureDef: {signature}"
