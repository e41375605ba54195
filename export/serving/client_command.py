"""The command line that the clients share."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from model_client import MOST_ROWS, best_texts
from serving_error import ServingError


def run(
    client_class: Any, description: str | None, arguments: list[str] | None = None, **given
) -> int:
    """Parses the command line, asks and prints; returns the exit code.

    Args:
        client_class: Class with the arguments and methods of `RestClient`.
        description: For --help.
        arguments: Instead of those of the process.
        **given: `url`, the address if none is given.
    """
    options = _parser(description, **given).parse_args(arguments)
    try:
        client = client_class(
            options.url,
            options.model,
            version=options.version,
            label=options.label,
            batch_size=options.batch_size,
            timeout=options.timeout,
            ca_file=options.ca_file,
            headers=dict(_pair(header, ":") for header in options.header),
        )
        if options.wait:
            client.wait_until_ready(options.wait)
        if options.status or options.signatures:
            print(json.dumps(client.status() if options.status else client.signatures(), indent=1))
            return 0
        settings = {name: json.loads(v) for name, v in (_pair(o, "=") for o in options.option)}
        for texts in _pieces(options.texts or _lines(), options.batch_size):
            repeated = {name: [value] * len(texts) for name, value in settings.items()}
            outputs = client.predict({"text": texts, **repeated}, options.signature)
            _print(outputs, options.json)
    except (ServingError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServingError) else 2
    return 0


def _parser(description: str | None, url: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", nargs="*", help="what to send; else the lines of stdin")
    parser.add_argument("--url", default=url, help=f"address of the server (default {url})")
    parser.add_argument("--model", required=True, help="its name on the server")
    parser.add_argument("--version", type=int, help="number of the version to ask")
    parser.add_argument("--label", help="label of the version to ask")
    parser.add_argument("--signature", default="serving_default")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="input beside the text, the same for all, as length_penalty=0.8 of beam_options",
    )
    parser.add_argument("--json", action="store_true", help="all outputs, a line for each text")
    parser.add_argument("--batch-size", type=int, default=MOST_ROWS, help="texts in one request")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for one request")
    parser.add_argument("--wait", type=float, metavar="SECONDS", help="until the model is loaded")
    parser.add_argument("--ca-file", help="certificates to trust, PEM")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE")
    parser.add_argument("--status", action="store_true", help="only show the versions' states")
    parser.add_argument("--signatures", action="store_true", help="only show the signatures")
    return parser


def _pair(text: str, separator: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found:
        raise ValueError(f"{text!r} must be NAME{separator}VALUE.")
    return name.strip(), value.strip()


def _lines() -> Iterator[str]:
    return (line.rstrip("\r\n") for line in sys.stdin)


def _pieces(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """So that a long file is answered while it is read."""
    texts = iter(texts)
    while piece := list(islice(texts, size)):
        yield piece


def _print(outputs: dict[str, list], as_json: bool) -> None:
    if as_json:
        for row in zip(*outputs.values(), strict=True):
            print(json.dumps(dict(zip(outputs, row, strict=True)), ensure_ascii=False))
    else:
        print(*best_texts(outputs), sep="\n", flush=True)
