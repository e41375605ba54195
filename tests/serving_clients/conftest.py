"""A server over HTTP that answers what a test tells it to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class ScriptedServer:
    """Asks the test's `answer(method, path, content)` for `(status, content, headers)`."""

    def __init__(self):
        self.answer = lambda method, path, content: (200, {}, {})
        self.asked = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                size = int(self.headers.get("Content-Length") or 0)
                content = json.loads(self.rfile.read(size) or "null")
                scripted.asked.append((self.command, self.path, content, dict(self.headers)))
                answer = scripted.answer(self.command, self.path, content)
                if answer is None:  # the connection breaks
                    self.close_connection = True
                    return
                status, content, headers = answer
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def scripted():
    server = ScriptedServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


def upper(method, path, content):
    """A model that answers texts in capitals, with all that `serving_default` gives."""
    texts = content["inputs"]["text"]
    outputs = {
        "text": [text.upper() for text in texts],
        "score": [-0.5] * len(texts),
        "length": [len(text.split()) for text in texts],
        "truncated": [False] * len(texts),
        "finished": [True] * len(texts),
    }
    return 200, {"outputs": outputs}, {}


INPUTS = {
    "serving_default": {"text": "STRING"},
    "beam_options": {"text": "STRING", "length_penalty": "FLOAT", "max_length": "INT32"},
    "score": {"target": "STRING", "source": "STRING"},
    "tokenize": {"text": "STRING"},
    "detokenize": {"ids": "INT32"},
}


def signatures(method, path, content):
    """Tells the inputs of `INPUTS`; to all else gives one row for each of the request."""
    if path.endswith("/metadata"):
        known = {
            signature: {
                "inputs": {
                    name: {"dtype": f"DT_{k}", "tensor_shape": {}} for name, k in of.items()
                },
                "outputs": {},
            }
            for signature, of in INPUTS.items()
        }
        return 200, {"metadata": {"signature_def": {"signature_def": known}}}, {}
    rows = len(next(iter(content["inputs"].values())))
    outputs = {"score": [-0.5] * rows, "length": [2] * rows}
    if content["signature_name"] in {"serving_default", "beam_options", "detokenize"}:
        outputs["text"] = ["..."] * rows
    return 200, {"outputs": outputs}, {}


@pytest.fixture
def with_signatures():
    return signatures


@pytest.fixture
def capitals():
    return upper
