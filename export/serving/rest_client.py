"""Asks TensorFlow Serving's REST interface. Needs urllib3 only (whoever has requests has it).

python rest_client.py --url http://localhost:8501 --model mine "저는 학생이에요."
python rest_client.py --url http://localhost:8501 --model mine < sentences.txt
python rest_client.py --model mine --signature beam --json "저는 학생이에요."
python rest_client.py --model mine --label canary --status
"""

import base64
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from http_connection import HttpConnection
from model_client import MOST_ROWS, ModelClient


class RestClient(ModelClient):
    """One model on one server; threads may share it.

    Args:
        url: Address of the server, `http://localhost:8501`.
        model: Its name there.
        version: Number of a version; by default the server chooses the newest.
        label: Label of a version, such as `stable`; instead of `version`.
        batch_size: Rows sent at once; a longer request is cut to such pieces, in order.
        timeout: Seconds a request may take, with all its pieces and retries.
        **connection: `retries`, `ca_file`, `headers`, `connections`: see `HttpConnection`.

    Example:

    ```python
    client = RestClient("http://localhost:8501", "mine", timeout=10)
    client.translate(["저는 학생이에요."])  # ["I am a student."]
    client.predict({"text": ["저는 학생이에요."]}, "beam")["score"]  # [[-0.1, -2.3, -4.0, -4.1]]
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
        **connection: Any,
    ):
        super().__init__(timeout, batch_size)
        if version is not None and label is not None:
            raise ValueError("Give version or label, not both.")
        self.path = f"/v1/models/{quote(model, safe='')}"
        if version is not None:
            self.path += f"/versions/{version}"
        if label is not None:
            self.path += f"/labels/{quote(label, safe='')}"
        self._connection = HttpConnection(url, timeout=timeout, **connection)
        self._only_outputs: dict[str, str] = {}

    def status(self) -> dict[str, str]:
        versions = self._connection.ask("GET", self.path)["model_version_status"]
        return {
            about["version"]: about["state"] + _reason(about.get("status", {}))
            for about in versions
        }

    def signatures(self) -> dict[str, Any]:
        metadata = self._connection.ask("GET", self.path + "/metadata")["metadata"]
        found = metadata["signature_def"]["signature_def"]
        return {
            name: {side: _describe(found[name][side]) for side in ("inputs", "outputs")}
            for name in sorted(found)
            if not name.startswith("__")
        }

    def _predict_once(
        self, inputs: dict[str, list], signature: str, only: Sequence[str], timeout: float
    ) -> dict[str, list]:
        content = {"signature_name": signature, "inputs": _to_json(inputs)}
        outputs = self._connection.ask("POST", self.path + ":predict", content, timeout)["outputs"]
        if not isinstance(outputs, dict):  # of one output the server leaves out the name
            outputs = {self._only_output(signature): outputs}
        return {name: _from_json(v) for name, v in outputs.items() if name in (only or outputs)}

    def _only_output(self, signature: str) -> str:
        if signature not in self._only_outputs:
            (self._only_outputs[signature],) = self.signatures()[signature]["outputs"]
        return self._only_outputs[signature]


def _to_json(value: Any) -> Any:
    """`bytes` go as base64."""
    if isinstance(value, dict):
        return {name: _to_json(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(v) for v in value]
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(v) for v in value]
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def _describe(tensors: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "dtype": about["dtype"],
            "shape": [int(dim["size"]) for dim in about["tensor_shape"].get("dim", [])],
        }
        for name, about in sorted(tensors.items())
    }


def _reason(status: dict[str, str]) -> str:
    return f": {status['error_message']}" if status.get("error_message") else ""


if __name__ == "__main__":
    from client_command import run

    sys.exit(run(RestClient, __doc__, url="http://localhost:8501"))
