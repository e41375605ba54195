"""Many clients ask a server at once; are the replies right, how fast, does its memory hold?

    python load_test.py --model mine --texts sentences.txt                       # REST, 8 clients
    python load_test.py --protocol grpc --url localhost:8500 --model mine --texts sentences.txt \\
        --signatures serving_default,beam --rows 1,1,1,4 --clients 64 --seconds 300 --pid 4711
    python load_test.py --model mine --requests requests.jsonl --json report.json

Each client sends its next request when it has the reply to the last (a closed loop). Before, each
request is asked alone, once: its reply is what all later ones are compared with, text, numbers and
truth values alike, floats within --tolerance. --save-replies and --replies compare two servers.
A line of --requests is {"signature": "beam", "inputs": {"text": ["..."]}}.

Exit code 1 if a reply was wrong or a request failed. Needs what the client of the protocol needs,
psutil for --pid, and shows progress by rich if it is there.
"""

import argparse
import itertools
import json
import pathlib
import random
import sys
import threading
import time
from typing import Any

from load_report import LoadReport
from model_client import ModelClient
from serving_error import ServingError

DEFAULT_URLS = {
    "rest": "http://localhost:8501",
    "grpc": "localhost:8500",
    "triton": "http://localhost:8000",
}


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    client = make_client(options)
    try:
        requests = read_requests(options)
        client.wait_until_ready(options.wait)
        expected = first_replies(client, requests, options)
    except (ServingError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report = put_under_load(client, requests, expected, options)
    print(report.table())
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report.facts(), indent=1) + "\n", "utf-8")
    return 0 if report.flawless else 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--protocol", choices=DEFAULT_URLS, default="rest")
    parser.add_argument("--url", help="address of the server; by default the usual port here")
    parser.add_argument("--model", required=True, help="its name on the server")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--texts", help="file with a text a line; requests are made of them")
    what.add_argument("--requests", help="file with a request a line, as JSON")
    parser.add_argument("--signatures", default="serving_default", help="asked in turn, of --texts")
    parser.add_argument("--rows", default="1", help="texts of a request, by chance: 1,1,8")
    parser.add_argument("--different", type=int, default=200, help="requests made of --texts")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds a request may take")
    parser.add_argument("--retries", type=int, default=0, help="after 429, 503 and UNAVAILABLE")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds for the model to load")
    parser.add_argument("--ca-file", help="certificates to trust, PEM")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="of floats")
    parser.add_argument("--replies", help="file of expected replies, instead of the first ones")
    parser.add_argument("--save-replies", help="file to write the first replies to")
    parser.add_argument("--pid", type=int, help="of the server: its memory, with its children's")
    parser.add_argument("--seed", type=int, default=1, help="of the order of requests")
    parser.add_argument("--json", help="file for the report")
    options = parser.parse_args(arguments)
    options.url = options.url or DEFAULT_URLS[options.protocol]
    return options


def make_client(options: argparse.Namespace) -> ModelClient:
    given: dict[str, Any] = {"timeout": options.timeout, "retries": options.retries}
    given |= {"ca_file": options.ca_file}
    given["headers"] = dict(header.split(":", 1) for header in options.header)
    if options.protocol == "grpc":
        from grpc_client import GrpcClient

        return GrpcClient(options.url, options.model, **given)
    if options.protocol == "triton":
        from triton_client import TritonClient as Client
    else:
        from rest_client import RestClient as Client
    return Client(options.url, options.model, connections=options.clients, **given)


def read_requests(options: argparse.Namespace) -> list[dict[str, Any]]:
    """`[{"signature": ..., "inputs": {name: [B]}}, ...]`"""
    lines = pathlib.Path(options.texts or options.requests).read_text("utf-8").splitlines()
    if options.requests:
        requests = [json.loads(line) for line in lines if line.strip()]
    else:
        texts = itertools.cycle([line for line in lines if line.strip()])
        source, signatures = random.Random(options.seed), options.signatures.split(",")
        rows = [int(count) for count in options.rows.split(",")]
        requests = [
            {
                "signature": signatures[i % len(signatures)],
                "inputs": {"text": list(itertools.islice(texts, source.choice(rows)))},
            }
            for i in range(options.different)
        ]
    if not requests or not all(any(request["inputs"].values()) for request in requests):
        raise ValueError(f"{options.texts or options.requests} holds nothing to ask.")
    return requests


def first_replies(
    client: ModelClient, requests: list[dict[str, Any]], options: argparse.Namespace
) -> list[dict[str, list]]:
    """Each request alone, which also makes the server's first, slow calls."""
    replies = [client.predict(request["inputs"], request["signature"]) for request in requests]
    if options.save_replies:
        lines = [json.dumps(reply, ensure_ascii=False) for reply in replies]
        pathlib.Path(options.save_replies).write_text("\n".join(lines) + "\n", "utf-8")
    if options.replies:
        lines = pathlib.Path(options.replies).read_text("utf-8").splitlines()
        if len(lines) != len(requests):
            raise ValueError(f"{options.replies}: {len(lines)} replies, not {len(requests)}.")
        return [json.loads(line) for line in lines]
    return replies


def put_under_load(
    client: ModelClient,
    requests: list[dict[str, Any]],
    expected: list[dict[str, list]],
    options: argparse.Namespace,
) -> LoadReport:
    about = {name: value for name, value in vars(options).items() if name != "header"}  # secrets
    report = LoadReport(about, options.clients)
    begin = time.monotonic()
    end = begin + options.seconds

    def one_client(number: int) -> None:
        order = random.Random(options.seed * 1000 + number)
        while time.monotonic() < end:
            i = order.randrange(len(requests))
            signature, inputs = requests[i]["signature"], requests[i]["inputs"]
            started, difference, error = time.monotonic(), None, None
            try:
                reply = client.predict(inputs, signature)
                difference = first_difference(expected[i], reply, options.tolerance)
            except ServingError as failure:
                error = failure
                time.sleep(0.05)  # a server that refuses at once is not stormed
            took = time.monotonic() - started
            rows = len(next(iter(inputs.values())))
            report.add(signature, rows, took, difference, error, inputs)

    threads = [threading.Thread(target=one_client, args=(i,)) for i in range(options.clients)]
    for thread in threads:
        thread.start()
    with report.progress(options.seconds) as show:
        while any(thread.is_alive() for thread in threads):
            time.sleep(min(0.5, options.seconds / 10))
            show(time.monotonic() - begin)
            if options.pid:
                report.add_memory(time.monotonic() - begin, memory_of(options.pid))
    report.seconds = time.monotonic() - begin
    return report


def first_difference(expected: dict[str, Any], reply: dict[str, Any], tolerance: float) -> str:
    """Where two replies differ, in words, or nothing."""
    if set(expected) != set(reply):
        return f"outputs {sorted(reply)}, not {sorted(expected)}"
    for name, values in expected.items():
        if not _alike(values, reply[name], tolerance):
            return f"{name} is {reply[name]}, not {values}"
    return ""


def _alike(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_alike(a, b, tolerance) for a, b in pairs)
    if float in (type(one), type(other)) and {type(one), type(other)} <= {float, int}:
        return abs(one - other) <= tolerance * max(1.0, abs(one))
    return one == other


def memory_of(pid: int) -> int:
    """Resident bytes of a process and its children."""
    import psutil

    total = 0
    try:
        server = psutil.Process(pid)
        for process in (server, *server.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended meanwhile; the errors of the clients tell
    return total


if __name__ == "__main__":
    sys.exit(main())
