"""Serves the built page on this machine, with the headers that it should have anywhere.

python export/web/serve.py build/web --port 8000
"""

import argparse
import contextlib
import functools
import http.server
import pathlib
import re
import threading
from collections.abc import Iterator

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TYPES = {
    ".tflite": "application/octet-stream",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript",
}
FOREVER = "public, max-age=31536000, immutable"  # what changes its name with its content


class PageHandler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder; `policy` is the content-security policy of the page."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **TYPES}

    def __init__(self, *args, policy: str, **kwargs):
        self.policy = policy
        super().__init__(*args, **kwargs)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", f"{self.policy}; frame-ancestors 'none'")
        large = re.match(r"/(models/[0-9a-f]+|litert-[\d.]+)/", self.path)
        self.send_header("Cache-Control", FOREVER if large else "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def page_server(folder: pathlib.Path, port: int) -> http.server.ThreadingHTTPServer:
    """A server of that folder on 127.0.0.1; port 0 is any free one."""
    file = folder / "index.html"
    page = file.read_text("utf-8") if file.is_file() else ""
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    if not found:
        raise SystemExit(f"{folder} holds no page: make it by `make web`.")
    handler = functools.partial(PageHandler, directory=str(folder), policy=found[1])
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise SystemExit(f"Port {port} cannot be had ({error}): give another by --port.") from None


@contextlib.contextmanager
def serving(folder: pathlib.Path) -> Iterator[str]:
    """The address of a server of that folder, which runs meanwhile on a free port."""
    server = page_server(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    server = page_server(arguments.folder, arguments.port)
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
