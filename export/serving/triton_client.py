"""Asks NVIDIA's Triton over HTTP, where `triton/make_repository.py` made a model per signature.

python triton_client.py --url http://localhost:8000 --model mine "저는 학생이에요."
python triton_client.py --model mine --signature beam --json < sentences.txt
"""

import sys
from collections.abc import Sequence
from math import prod
from typing import Any
from urllib.parse import quote

from http_connection import HttpConnection
from model_client import MOST_ROWS, ModelClient

_STATES = {"READY": "AVAILABLE", "UNAVAILABLE": "END"}


class TritonClient(ModelClient):
    """The models of one SavedModel on one server; threads may share it.

    Args:
        url: Address of the server, `http://localhost:8000`.
        model: The name that was given to `make_repository.py`; of a signature other than
            serving_default the model is `NAME_SIGNATURE`.
        version: Number of a version; by default the server chooses the newest.
        label: Triton has none; refused.
        batch_size: Rows sent at once; not above `max_batch_size` of the server's model.
        timeout: Seconds a request may take, with all its pieces and retries.
        **connection: `retries`, `ca_file`, `headers`, `connections`: see `HttpConnection`.

    Example:

    ```python
    TritonClient("http://localhost:8000", "mine").translate(["저는 학생이에요."])
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
        if label is not None:
            raise ValueError("Triton knows no labels of versions; give a version.")
        self.model = model
        self._version = f"/versions/{version}" if version is not None else ""
        self._connection = HttpConnection(url, timeout=timeout, **connection)
        self._configs: dict[str, Any] = {}

    def status(self) -> dict[str, str]:
        """State of each version of each signature's model."""
        return {
            f"{about['name']}/{about.get('version', '?')}": _STATES.get(
                about.get("state", ""), "UNKNOWN"
            )
            + (f": {about['reason']}" if about.get("reason") else "")
            for about in self._connection.ask("POST", "/v2/repository/index", {})
            if about["name"] == self.model or about["name"].startswith(f"{self.model}_")
        }

    def signatures(self) -> dict[str, Any]:
        names = {name.partition("/")[0] for name in self.status()}
        configs = {name: self._connection.ask("GET", f"/v2/models/{name}/config") for name in names}
        return {
            config["parameters"]["signature"]["string_value"]: {
                f"{side}s": _described(config[side]) for side in ("input", "output")
            }
            for _, config in sorted(configs.items())
        }

    def _predict_once(
        self, inputs: dict[str, list], signature: str, only: Sequence[str], timeout: float
    ) -> dict[str, list]:
        config = self._config(signature)
        rows = len(next(iter(inputs.values())))
        tensors = [
            {
                "name": name,
                "shape": [rows, len(values[0]) if values and isinstance(values[0], list) else 1],
                "datatype": _datatype(config["input"], name),
                "data": values,
            }
            for name, values in inputs.items()
        ]
        content = {"inputs": tensors, "outputs": [{"name": name} for name in only]}
        path = f"{self._path(signature)}{self._version}/infer"
        answer = self._connection.ask("POST", path, content, timeout)
        flat = {about["name"] for about in config["output"] if "reshape" in about}
        return {
            about["name"]: about["data"]
            if about["name"] in flat
            else _nested(about["data"], about["shape"])
            for about in answer["outputs"]
        }

    def _ask_inputs(self, signature: str) -> dict[str, Any]:
        self._configs.pop(signature, None)
        return _described(self._config(signature)["input"])

    def _path(self, signature: str) -> str:
        name = self.model if signature == "serving_default" else f"{self.model}_{signature}"
        return f"/v2/models/{quote(name, safe='')}"

    def _config(self, signature: str) -> Any:
        if signature not in self._configs:
            path = self._path(signature) + "/config"
            self._configs[signature] = self._connection.ask("GET", path)
        return self._configs[signature]


def _described(tensors: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        about["name"]: {
            "dtype": about["data_type"].replace("TYPE_", "DT_"),
            "shape": [-1, *([] if "reshape" in about else map(int, about["dims"]))],
        }
        for about in tensors
    }


def _datatype(inputs: list[dict[str, Any]], name: str) -> str:
    kinds = {about["name"]: about["data_type"].removeprefix("TYPE_") for about in inputs}
    kind = kinds.get(name, "STRING")
    return "BYTES" if kind == "STRING" else kind


def _nested(flat: list, shape: list[int]) -> list:
    """Values of shape [B, ...] that came as one list."""
    if len(shape) == 1:
        return flat
    width = prod(shape[1:])
    return [_nested(flat[i * width : (i + 1) * width], shape[1:]) for i in range(shape[0])]


if __name__ == "__main__":
    from client_command import run

    sys.exit(run(TritonClient, __doc__, url="http://localhost:8000"))
