"""JSON over HTTP with retries and one deadline for all of them."""

import json
import random
import time
from typing import Any

import urllib3
from serving_error import ServingError
from urllib3 import exceptions

OVERLOADED = {429, 503}  # the server did not begin: asking again is safe


class HttpConnection:
    """A pool of connections to one server; threads may share it.

    Args:
        url: `http://host:port`, or `https://...`, with a path if a proxy wants one.
        timeout: Seconds a request may take, retries included.
        retries: How often a request is sent again after 429, 503 or a failed connection.
        ca_file: Certificates to trust instead of the system's, PEM.
        headers: Sent along, such as `{"Authorization": "Bearer ..."}`.
        connections: At most so many stay open.

    Example:

    ```python
    HttpConnection("http://localhost:8501").ask("GET", "/v1/models/mine")
    ```
    """

    def __init__(
        self,
        url: str,
        timeout: float = 30.0,
        retries: int = 5,
        ca_file: str | None = None,
        headers: dict[str, str] | None = None,
        connections: int = 64,
    ):
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"The URL {url!r} must begin with http:// or https://.")
        self.url, self.timeout, self.retries = url.rstrip("/"), timeout, retries
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        self._pool = urllib3.PoolManager(maxsize=connections, ca_certs=ca_file)

    def ask(
        self,
        method: str,
        path: str,
        content: Any = None,
        timeout: float | None = None,
        retries: int | None = None,
    ) -> Any:
        """Sends `content` as JSON and returns the JSON that comes back.

        Raises:
            ServingError: The server refused, with its message; it could not be reached; or the
                deadline passed, which stops the waiting but not the server's work.
        """
        body = None if content is None else json.dumps(content).encode()
        retries = self.retries if retries is None else retries
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        for tries in range(retries + 1):
            try:
                return self._ask_once(method, path, body, deadline)
            except _TryAgain as again:
                # Full jitter, so that clients turned away together do not come back together.
                wait = max(again.rest, random.uniform(0, min(0.1 * 2**tries, 5.0)))
                if tries == retries or time.monotonic() + wait > deadline:
                    raise again.error from again.__cause__
            time.sleep(wait)

    def _ask_once(self, method: str, path: str, body: bytes | None, deadline: float) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ServingError(f"no time left for {self.url}{path}", "deadline")
        try:
            answer = self._pool.request(
                method,
                self.url + path,
                body=body,
                headers=self._headers,
                retries=False,
                timeout=urllib3.Timeout(total=left),
            )
        except exceptions.NewConnectionError as error:
            raise _TryAgain(ServingError(f"{self.url}: {error}", "connection")) from error
        except exceptions.TimeoutError as error:
            raise ServingError(f"no answer in time from {self.url}: {error}", "deadline") from error
        except exceptions.SSLError as error:
            raise ServingError(f"{self.url}: {error}", "TLS") from error
        except exceptions.HTTPError as error:  # such as a connection that the server closed
            raise _TryAgain(ServingError(f"{self.url}: {error}", "connection")) from error
        if answer.status == 200:
            return _read(answer.data, self.url + path)
        error = ServingError(_message(answer.data), f"HTTP {answer.status}")
        if answer.status not in OVERLOADED:
            raise error
        rest = answer.headers.get("Retry-After", "")
        raise _TryAgain(error, float(rest) if rest.isdigit() else 0.0)


class _TryAgain(Exception):
    """What may pass; `rest`: seconds the server wants before the next try."""

    def __init__(self, error: ServingError, rest: float = 0.0):
        super().__init__()
        self.error, self.rest = error, rest


def _read(data: bytes, address: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as e:
        raise ServingError(f"{address} answered what is no JSON: {data[:200]!r}", "no JSON") from e


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError):
        return data[:300].decode(errors="replace").strip() or "no message"
