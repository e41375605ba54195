"""`tensorflow.serving.ModelService`."""

from typing import Any

import grpc
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceServicer

from keras_seq2seq.serving.rpc.prediction_service import answer
from keras_seq2seq.serving.server_core import ServerCore
from keras_seq2seq.serving.serving_error import invalid


class ModelService(ModelServiceServicer):
    """Says which versions are served.

    Args:
        core: The models.

    Example:

    ```python
    server = grpc.aio.server()
    add_ModelServiceServicer_to_server(ModelService(core), server)
    ```
    """

    def __init__(self, core: ServerCore):
        self._core = core

    async def GetModelStatus(self, request: Any, context: Any) -> Any:
        """The states of a model's versions."""

        def task() -> Any:
            if not request.HasField("model_spec"):
                raise invalid("Missing ModelSpec")
            return self._core.status(request.model_spec)

        return await answer(context, task)

    async def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:
        """Refuses: what this server serves is given when it is started."""
        await context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "This server for development takes no configuration: start it with other directories.",
        )
