"""`tensorflow.serving.PredictionService`."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceServicer

from keras_seq2seq.serving.rpc.tensors import read_tensor, write_tensor
from keras_seq2seq.serving.server_core import ServerCore
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.work_queue import WorkQueue

_LONGEST_MESSAGE = 1024
_log = logging.getLogger(__name__)


class PredictionService(PredictionServiceServicer):
    """Answers Predict and GetModelMetadata, and refuses the other methods as the server does.

    Args:
        core: The models.
        work: Where requests are computed.

    Example:

    ```python
    server = grpc.aio.server()
    add_PredictionServiceServicer_to_server(PredictionService(core, work), server)
    ```
    """

    def __init__(self, core: ServerCore, work: WorkQueue):
        self._core = core
        self._work = work

    async def Predict(self, request: PredictRequest, context: Any) -> PredictResponse:
        """Runs a signature."""
        left = context.time_remaining()
        deadline = None if left is None else time.monotonic() + left

        def task() -> PredictResponse:
            if not request.HasField("model_spec"):
                raise invalid("Missing ModelSpec")
            spec = request.model_spec
            with self._core.lease(spec) as (version, servable):
                name = spec.signature_name or "serving_default"
                servable.signature(name)
                arrays = {
                    key: read_tensor(key, value, servable.most_rows)
                    for key, value in request.inputs.items()
                }
                outputs = self._core.run(
                    servable, spec.name, name, arrays, request.output_filter, deadline
                )
            response = PredictResponse()
            response.model_spec.name = spec.name
            response.model_spec.signature_name = name
            response.model_spec.version.value = version
            for key, array in outputs.items():
                response.outputs[key].CopyFrom(write_tensor(array))
            return response

        return await self._counted(context, request.model_spec.name, "Predict", task)

    async def GetModelMetadata(self, request: Any, context: Any) -> Any:
        """The signatures of a model."""

        def task() -> Any:
            if not request.HasField("model_spec"):
                raise invalid("Missing ModelSpec")
            if not request.metadata_field:
                raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
            for field in request.metadata_field:
                if field != "signature_def":
                    raise invalid(f"Metadata field {field} is not supported")
            return self._core.metadata(request.model_spec)

        return await answer(context, task)

    async def Classify(self, request: Any, context: Any) -> Any:
        """Refuses, as there is no signature of that kind."""
        await self._refuse(request, context, "Classify")

    async def Regress(self, request: Any, context: Any) -> Any:
        """Refuses, as there is no signature of that kind."""
        await self._refuse(request, context, "Regress")

    async def MultiInference(self, request: Any, context: Any) -> Any:
        """Refuses: it is for classifiers and regressions of one input."""
        await context.abort(
            grpc.StatusCode.UNIMPLEMENTED, "MultiInference: this server has Predict alone."
        )

    async def _refuse(self, request: Any, context: Any, method: str) -> None:
        def task() -> NoReturn:
            if not request.HasField("model_spec"):
                raise invalid("Missing ModelSpec")
            raise self._core.refusal_of_examples(request.model_spec, method.lower())

        await self._counted(context, request.model_spec.name, method, task)

    async def _counted(self, context: Any, name: str, method: str, task: Callable[[], Any]) -> Any:
        start, code = time.perf_counter(), grpc.StatusCode.CANCELLED  # if the client hangs up
        try:
            response = await asyncio.wrap_future(self._work.submit(task))
            code = grpc.StatusCode.OK
            seconds = time.perf_counter() - start
            self._core.metrics.time("request_latency", seconds, name, method, "GRPC")
            return response
        except Exception as error:
            refusal = _refusal(error)
            code = refusal.code
            await _end(context, refusal)
        finally:
            self._core.metrics.count("request_count", name, code.name)


async def answer(context: Any, task: Callable[[], Any]) -> Any:
    """Gives what `task` returns, or ends the call with the error that it raises."""
    try:
        return task()
    except Exception as error:
        await _end(context, _refusal(error))


def _refusal(error: Exception) -> ServingError:
    if isinstance(error, ServingError):
        return error
    _log.exception("gRPC")  # a fault of ours: the server lives on
    return ServingError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")


async def _end(context: Any, refusal: ServingError) -> None:
    message = refusal.message
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}...TRUNCATED"
    await context.abort(refusal.code, message)
