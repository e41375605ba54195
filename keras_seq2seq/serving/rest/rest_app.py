"""The HTTP side: paths, bodies, replies."""

import asyncio
import logging
import re
import time
import zlib
from collections.abc import Sequence
from urllib.parse import unquote

import grpc
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap
from tensorflow_serving.apis.model_pb2 import ModelSpec

from keras_seq2seq.serving.rest.json_document import parse_body, value_error
from keras_seq2seq.serving.rest.json_inputs import read_inputs
from keras_seq2seq.serving.rest.json_outputs import write_columns, write_error, write_rows
from keras_seq2seq.serving.server_core import ServerCore
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.work_queue import WorkQueue

METRICS_PATH = "/monitoring/prometheus/metrics"
_METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]
_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_PREDICT = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_VERSION}:(?P<method>classify|regress|predict)",
    re.IGNORECASE | re.ASCII,
)
_STATUS = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<part>metadata))?",
    re.IGNORECASE | re.ASCII,
)
_HTTP = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.UNAUTHENTICATED: 401,
}  # and 500 for all others
_log = logging.getLogger(__name__)


class RestApp:
    """Answers HTTP as TensorFlow Serving does, in status, message and layout of the JSON.

    Args:
        core: The models.
        work: Where requests are computed.
        max_body: Bytes that a body may have, also when it is unpacked.
        seconds: How long a request may take.
        pages: Further routes of Starlette, which come first.

    Example:

    ```python
    app = RestApp(core, work, max_body=2**20, seconds=30).asgi  # any ASGI server runs it
    ```
    """

    def __init__(
        self,
        core: ServerCore,
        work: WorkQueue,
        max_body: int,
        seconds: float | None,
        pages: Sequence[BaseRoute] = (),
    ):
        self._core = core
        self._work = work
        self._max_body = max_body
        self._seconds = seconds
        self.asgi = Starlette(
            routes=[
                *pages,
                Route(METRICS_PATH, self._metrics_page),
                Route("/{path:path}", self._answer, methods=_METHODS),
            ]
        )

    async def _metrics_page(self, request: Request) -> Response:
        return PlainTextResponse(self._core.metrics.page())

    async def _answer(self, request: Request) -> Response:
        """Any path that is no page's."""
        path = request.scope["raw_path"].decode("latin-1")
        if not re.match("/v1/", path, re.IGNORECASE):
            return PlainTextResponse("Not Found", 404)
        if request.method == "OPTIONS":
            return _preflight(request)
        start = time.perf_counter()
        spec, method = ModelSpec(), ""
        code, status = grpc.StatusCode.OK, 200
        try:
            body = await self._body(request)
            if len(body) > self._max_body:
                raise _too_large(self._max_body)
            spec, method = _parse_path(request.method, path)
            content = await self._respond(spec, method, body)
            method = "" if method == "metadata" else method  # no API of its own in the metrics
        except ServingError as error:
            code, status = error.code, _HTTP.get(error.code, 500)
            if isinstance(error, _TooLarge):
                status = 413
            content = write_error(error.message)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:  # a fault of ours: the server lives on
            _log.exception("%s %s", request.method, path)
            code, status = grpc.StatusCode.INTERNAL, 500
            content = write_error(f"{type(error).__name__}: {error}")
        if code is grpc.StatusCode.OK:
            seconds = time.perf_counter() - start
            self._core.metrics.time("request_latency", seconds, spec.name, method, "REST")
        self._core.metrics.count("request_count", spec.name, code.name)
        return Response(content, status, media_type="application/json")

    async def _body(self, request: Request) -> bytes:
        """The body; of one that is too large, one byte more than may be."""
        chunks, size = [], 0
        async for chunk in request.stream():  # to the end, as clients do not listen before
            size += len(chunk)
            if size <= self._max_body:
                chunks.append(chunk)
            else:
                chunks.clear()
        if size > self._max_body:
            return bytes(self._max_body + 1)
        body = b"".join(chunks)
        if "gzip" in request.headers.get("content-encoding", ""):
            return await asyncio.to_thread(_unpack, body, self._max_body)
        return body

    async def _respond(self, spec: ModelSpec, method: str, body: bytes) -> bytes:
        if method in ("", "metadata"):
            if not spec.name:
                raise invalid("Missing model name in request.")
            return self._status(spec) if not method else self._metadata(spec)
        deadline = None if self._seconds is None else time.monotonic() + self._seconds
        task = {"predict": self._predict}.get(method, self._refuse)
        future = self._work.submit(lambda: task(spec, method, body, deadline))
        return await asyncio.wrap_future(future)

    def _predict(self, spec: ModelSpec, method: str, body: bytes, deadline: float | None) -> bytes:
        document = parse_body(body)
        name = _signature_name(document)
        with self._core.lease(spec) as (_, servable):
            types = servable.input_types(name)
            arrays, in_rows = read_inputs(document, types, servable.most_rows)
            outputs = self._core.run(servable, spec.name, name, arrays, (), deadline)
        return write_rows(outputs) if in_rows else write_columns(outputs)

    def _refuse(self, spec: ModelSpec, method: str, body: bytes, deadline: float | None) -> bytes:
        document = parse_body(body)
        spec.signature_name = _signature_name(document)
        examples = document.get("examples")
        if "examples" not in document:
            key = "key 'examples' is expected and was not found"
            raise value_error(document, f"When method is classify, {key}")
        if not isinstance(examples, list):
            raise value_error(document, "Expecting 'examples' value to be an list/array")
        if not examples:
            raise value_error(document, "'examples' value is an empty array")
        raise self._core.refusal_of_examples(spec, method)

    def _status(self, spec: ModelSpec) -> bytes:
        return _as_json(self._core.status(spec)).encode()

    def _metadata(self, spec: ModelSpec) -> bytes:
        response = self._core.metadata(spec)
        signatures = SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        model_spec, signature_def = (
            _as_json(message, names_as_in_proto=True)
            for message in (response.model_spec, signatures)
        )
        parts = f'"model_spec":{model_spec},\n"metadata": {{"signature_def": {signature_def}}}'
        return f"{{\n{parts}\n}}\n".encode()


class _TooLarge(ServingError):
    pass


def _too_large(most: int) -> _TooLarge:
    return _TooLarge(
        grpc.StatusCode.RESOURCE_EXHAUSTED, f"The body has more than {most} bytes, see --max-body."
    )


def _unpack(body: bytes, most: int) -> bytes:
    """What was compressed; nothing of what cannot be unpacked, as the server has it."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        return unpacker.decompress(body, most + 1)
    except zlib.error:
        return b""


def _parse_path(http_method: str, path: str) -> tuple[ModelSpec, str]:
    """The model that is meant, and predict, classify, regress, metadata or "" for its status."""
    pattern = {"POST": _PREDICT, "GET": _STATUS}.get(http_method)
    match = pattern.fullmatch(path) if pattern else None
    if not match:
        raise invalid(f"Malformed request: {http_method} {path}")
    found = match.groupdict(default="")
    spec = ModelSpec(name=unquote(found["name"], errors="replace"))
    if found["version"]:
        if int(found["version"][-20:]) >= 2**63 or len(found["version"]) > 20:
            raise invalid(f"Failed to convert version: {found['version']} to numeric.")
        spec.version.value = int(found["version"])
    if found["label"]:
        spec.version_label = unquote(found["label"], errors="replace")
    return spec, found.get("method", found.get("part", ""))


def _signature_name(document: dict) -> str:
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise value_error(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def _preflight(request: Request) -> Response:
    """A browser's question, which the server answers without the headers of CORS by default."""
    is_web = re.search("https?://", request.headers.get("origin", ""))
    return Response(status_code=200 if is_web else 400)


def _as_json(message: Message, names_as_in_proto: bool = False) -> str:
    return MessageToJson(
        message,
        indent=1,
        always_print_fields_with_no_presence=True,
        preserving_proto_field_name=names_as_in_proto,
    )
