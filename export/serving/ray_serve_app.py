"""Serves a SavedModel by Ray Serve, with TensorFlow Serving's REST interface: its clients work.

    pip install "ray[serve]" tensorflow tensorflow-text
    serve run ray_serve_app:app saved_model=served/mine name=mine      # port 8000
    python rest_client.py --url http://localhost:8000 --model mine "저는 학생이에요."

Requests that come together become one call for each signature, of at most 32 texts. A replica is a
process with its own TensorFlow and weights; `serve deploy` or a serve config sets how many.
"""

import asyncio
import json
import os
import pathlib
from typing import Any

# oneDNN keeps what it prepares for each shape of a batch: 200 MB, for no speed here.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  its operators are in the graph
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse

MOST_ROWS = 32
MOST_BYTES = 2**20  # of a request


@serve.deployment(num_replicas=1, max_ongoing_requests=64, max_queued_requests=256)
class SavedModelServer:
    """The newest version below a base directory.

    Args:
        base: Directory that holds numbered versions, absolute.
        name: Of the model, in the paths of requests.
    """

    def __init__(self, base: str, name: str):
        versions = [
            p for p in pathlib.Path(base).iterdir() if p.name.isascii() and p.name.isdigit()
        ]
        self.version = max(versions, key=lambda path: int(path.name))
        self.path = f"/v1/models/{name}"
        self.model = tf.saved_model.load(str(self.version))
        about = json.loads((self.version / "assets.extra/keras_seq2seq.json").read_text("utf-8"))
        self.signatures = about["signatures"]

    async def __call__(self, request: Request) -> JSONResponse:
        if request.method == "GET" and request.url.path == self.path:
            status = {"version": self.version.name, "state": "AVAILABLE"}
            return JSONResponse({"model_version_status": [status]})
        if request.method == "GET" and request.url.path == f"{self.path}/metadata":
            signatures = {name: _described(about) for name, about in self.signatures.items()}
            return JSONResponse({"metadata": {"signature_def": {"signature_def": signatures}}})
        if request.method != "POST" or request.url.path != f"{self.path}:predict":
            return _error(
                404, f"{request.method} {request.url.path}: only POST {self.path}:predict"
            )
        body = await request.body()
        if len(body) > MOST_BYTES:
            return _error(413, f"{len(body)} bytes are more than {MOST_BYTES}.")
        try:
            signature, inputs = self.read(body)
        except (ValueError, TypeError, KeyError) as error:
            return _error(400, f"Not understood: {error}")
        outputs = await self.run((signature, inputs))
        return JSONResponse({"outputs": outputs})

    def read(self, body: bytes) -> tuple[str, dict[str, np.ndarray]]:
        """The signature's name and inputs [B] of a request, checked against the manifest."""
        content = json.loads(body)
        signature = content.get("signature_name", "serving_default")
        if signature not in self.signatures:
            raise ValueError(f"no signature {signature!r}; there are {sorted(self.signatures)}")
        expected = self.signatures[signature]["inputs"]
        given = content["inputs"]
        if not isinstance(given, dict) and len(expected) == 1:
            given = {next(iter(expected)): given}
        if set(given) != set(expected):
            raise ValueError(f"inputs {sorted(given)}, but {signature} takes {sorted(expected)}")
        kinds = {name: about["dtype"] for name, about in expected.items()}
        inputs = {
            name: np.array(values, object if kinds[name] == "string" else kinds[name])
            for name, values in given.items()
        }
        shapes = {name: value.shape for name, value in inputs.items()}
        ranks = {name: len(about["shape"]) for name, about in expected.items()}
        if any(len(shapes[name]) != ranks[name] for name in shapes):
            raise ValueError(f"shapes {shapes}, but the ranks must be {ranks}")
        rows = {shape[0] for shape in shapes.values()}
        if len(rows) != 1 or not 1 <= rows.pop() <= MOST_ROWS:
            raise ValueError(f"shapes {shapes}, but 1 to {MOST_ROWS} rows, as many in all inputs")
        return signature, inputs

    @serve.batch(max_batch_size=MOST_ROWS, batch_wait_timeout_s=0.005)
    async def run(self, requests: list[tuple[str, dict[str, np.ndarray]]]) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.run_together, requests)  # the event loop goes on

    def run_together(self, requests: list) -> list[dict[str, Any]]:
        """Requests of one signature and width become one call, of at most MOST_ROWS rows."""
        answers: list[dict[str, Any]] = [{}] * len(requests)
        groups: dict[tuple, list[list[int]]] = {}
        rows = [len(next(iter(inputs.values()))) for _, inputs in requests]
        for i, (signature, inputs) in enumerate(requests):
            key = (signature, *(value.shape[1:] for value in inputs.values()))
            pieces = groups.setdefault(key, [[]])
            if sum(rows[j] for j in pieces[-1]) + rows[i] > MOST_ROWS:
                pieces.append([])
            pieces[-1].append(i)
        for (signature, *_), pieces in groups.items():
            for piece in pieces:
                joined = {
                    name: tf.constant(np.concatenate([requests[i][1][name] for i in piece]))
                    for name in requests[piece[0]][1]
                }
                outputs = self.model.signatures[signature](**joined)
                lists = {name: _as_list(value.numpy()) for name, value in sorted(outputs.items())}
                begin = 0
                for i in piece:
                    end = begin + rows[i]
                    answers[i] = {name: values[begin:end] for name, values in lists.items()}
                    begin = end
        return answers


def _described(signature: dict[str, Any]) -> dict[str, Any]:
    """A signature of the manifest in the words of TensorFlow Serving."""
    return {
        side: {
            name: {
                "dtype": f"DT_{'FLOAT' if about['dtype'] == 'float32' else about['dtype'].upper()}",
                "tensor_shape": {"dim": [{"size": str(size)} for size in about["shape"]]},
            }
            for name, about in signature[side].items()
        }
        for side in ("inputs", "outputs")
    }


def _as_list(values: np.ndarray) -> list:
    if values.dtype == object:
        values = np.vectorize(lambda text: text.decode(errors="replace"), otypes=[object])(values)
    return values.tolist()


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def app(args: dict[str, str]) -> Any:
    """What `serve run` starts, with its arguments."""
    return SavedModelServer.bind(os.path.abspath(args["saved_model"]), args["name"])
