"""The server as a whole."""

import asyncio
import errno
import importlib.util
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

_NEEDED = ("grpc", "grpc_health", "starlette", "tensorflow_serving", "uvicorn")
_ALL_SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")
_OF_HOST = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # whatever the port
_LAST_REQUESTS = 60  # seconds that are waited for the requests that run, when the server is stopped


def check_installed() -> None:
    """Raises an `ImportError` that says what to install, where something is missing."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"The server needs {', '.join(missing)}, of the extra `serve`: pip install "
            "'tensorflow-serving-api>=2.21,<2.22' starlette uvicorn grpcio-health-checking"
        )


class ModelServer:
    """Serves SavedModels by REST and gRPC as TensorFlow Serving does; it is for development.

    All runs in this process: one thread for both protocols, a few that compute, one that watches
    the directories. Used as a context it is started, and stopped when all requests are answered.

    Args:
        finders: For each name a function that finds the versions, see `find_models`.
        host: Address to listen at.
        rest_port: Port of REST; 0 takes any that is free.
        port: Port of gRPC; likewise.
        max_body: Bytes that a request may have.
        max_rows: Rows that one may have; by default what the version says, see `row_limit`.
        poll: Seconds between two looks at the directories; 0 looks no more after the start.
        timeout: Seconds that a request by REST may take; by gRPC its client says it.
        threads: How many requests are computed at once; by default as many as there are CPUs.
        places: How many requests may wait before further ones are refused.
        warmed_up: Whether the requests that a version brings along are run before it is served.
        pages: Further routes of Starlette.

    Raises:
        ImportError: The extra `serve` is not installed.

    Example:

    ```python
    with ModelServer(find_models(pathlib.Path("served/ko_en"))) as server:
        print(server.rest_port, server.port)
    ```
    """

    def __init__(
        self,
        finders: Mapping[str, Any],
        host: str = "127.0.0.1",
        rest_port: int = 8501,
        port: int = 8500,
        *,
        max_body: int = 2**28,
        max_rows: int | None = None,
        poll: float = 1.0,
        timeout: float | None = 30.0,
        threads: int | None = None,
        places: int = 256,
        warmed_up: bool = True,
        pages: "Sequence[BaseRoute]" = (),
    ):
        check_installed()
        from keras_seq2seq.serving.metrics import Metrics
        from keras_seq2seq.serving.rest.rest_app import RestApp
        from keras_seq2seq.serving.server_core import ServerCore
        from keras_seq2seq.serving.versions.served_models import ServedModels
        from keras_seq2seq.serving.work_queue import WorkQueue

        self.host, self.rest_port, self.port = host, rest_port, port
        self._max_body = max_body
        self.work = WorkQueue(threads or os.cpu_count() or 1, places)
        metrics = Metrics()
        models = ServedModels(finders, metrics, poll, warmed_up, max_rows)
        self.core = ServerCore(models, metrics)
        self._app = RestApp(self.core, self.work, max_body, timeout, pages).asgi
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="serving")

    def __enter__(self) -> "ModelServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Takes the ports, loads the models, and answers from then on.

        Raises:
            OSError: a port is taken, or there is no such host.
            ServingError: a model cannot be served.
        """
        self._socket = _listen(self.host, self.rest_port, "--rest-port")
        self.rest_port = self._socket.getsockname()[1]
        try:
            self._thread.start()
            self._await(self._bind())
            self.core.models.start()
            self._await(self._start())
        except BaseException:
            self._close()
            raise

    def stop(self) -> None:
        """Takes no more requests, answers those there are, unloads the models."""
        self._await(self._stop())
        self.work.close()
        self._close()

    def _close(self) -> None:
        self.core.models.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._socket.close()

    def _await(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _bind(self) -> None:
        """Makes the server of gRPC, whose port is refused here if another has it."""
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc
        from grpc_health.v1.health import aio as health  # pyright: ignore[reportAttributeAccessIssue]
        from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

        from keras_seq2seq.serving.rpc.model_service import ModelService
        from keras_seq2seq.serving.rpc.prediction_service import PredictionService

        options = [
            ("grpc.so_reuseport", 0),  # else two servers share a port, each with half of all calls
            ("grpc.max_receive_message_length", self._max_body),
            ("grpc.max_send_message_length", -1),
        ]
        self._rpc = grpc.aio.server(options=options)
        prediction = PredictionService(self.core, self.work)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, self._rpc)
        model = ModelService(self.core)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(model, self._rpc)
        checks = health.HealthServicer()
        for name in _ALL_SERVICES:
            await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(checks, self._rpc)
        _listen(self.host, self.port, "--port").close()  # gRPC itself does not say why it cannot
        self.port = self._rpc.add_insecure_port(f"{_in_url(self.host)}:{self.port}")

    async def _start(self) -> None:
        import uvicorn

        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_LAST_REQUESTS,
        )
        self._rest = uvicorn.Server(config)
        self._rest_task = asyncio.create_task(self._rest.serve([self._socket]))
        await self._rpc.start()
        while not self._rest.started:
            await asyncio.sleep(0.01)

    async def _stop(self) -> None:
        self._rest.should_exit = True
        await asyncio.gather(self._rest_task, self._rpc.stop(_LAST_REQUESTS))

    @property
    def rest_address(self) -> str:
        """Where REST is found."""
        return f"http://{_in_url(self.host)}:{self.rest_port}"

    @property
    def address(self) -> str:
        """Where gRPC is found."""
        return f"{_in_url(self.host)}:{self.port}"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.getaddrinfo(host, port, family)  # `create_server` tells less of what is wrong
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        if not isinstance(error, OSError) or isinstance(error, socket.gaierror):
            problem = getattr(error, "strerror", None) or "it is no name of a host"
            raise OSError(f"--host {host}: {problem}.") from error
        problem = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _OF_HOST:
            raise OSError(f"--host {host}: {problem}. Give an address of this machine.") from error
        raise OSError(
            f"{host}, port {port}: {problem}. Give another one by {flag}; 0 takes any that is free."
        ) from error
