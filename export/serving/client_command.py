"""The command line that the clients share."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from model_client import MOST_ROWS, best_texts
from serving_error import ServingError

_TEXT = "DT_STRING"


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
        for inputs in _requests(client, options):
            _print(client.predict(inputs, options.signature), options.json)
    except BrokenPipeError:  # whoever reads has enough, as `head`; Python must not tell at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ServingError, ValueError, OSError) as error:
        of_file = isinstance(error, OSError) and error.filename
        message = f"{error.filename}: {error.strerror}" if of_file else error
        print(f"error: {message}", file=sys.stderr)
        return 1 if isinstance(error, ServingError) else 2
    return 0


def _parser(description: str | None, url: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "texts",
        nargs="*",
        help="what to send; else the lines of stdin. A signature with several inputs of text wants "
        "them separated by TAB, in the order of their names: SOURCE<TAB>TARGET of score",
    )
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
        help="an input that is the same for all texts, in JSON: length_penalty=0.8 of "
        "beam_options, ids=[5,8] of detokenize; text may be as it is: target=Hello. of score",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="all outputs, a line for each text; always so where no output is called text",
    )
    parser.add_argument("--batch-size", type=int, default=MOST_ROWS, help="texts in one request")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for one request")
    parser.add_argument("--wait", type=float, metavar="SECONDS", help="until the model is loaded")
    parser.add_argument("--ca-file", help="certificates to trust, PEM")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE")
    parser.add_argument("--status", action="store_true", help="only show the versions' states")
    parser.add_argument("--signatures", action="store_true", help="only show the signatures")
    return parser


def _requests(client: Any, options: argparse.Namespace) -> Iterator[dict[str, list]]:
    """Inputs by name, a piece at a time: texts of the command line or stdin, and --option."""
    pairs = dict(_pair(option, "=") for option in options.option)
    known: dict[str, Any] = {"text": {"dtype": _TEXT}}
    if pairs or options.signature != "serving_default":
        known = client.inputs_of(options.signature, pairs)
    settings = {name: _value(name, text, known[name]["dtype"]) for name, text in pairs.items()}
    names = sorted(name for name in known if known[name]["dtype"] == _TEXT and name not in pairs)
    for name in sorted(known.keys() - {*names, *pairs}):
        raise ValueError(f"{options.signature} needs --option {name}=... ({known[name]['dtype']}).")
    if not names and options.texts:
        raise ValueError(f"{options.signature} takes no text but that of --option.")
    lines = options.texts or (_lines() if names else [""])
    for piece in _pieces(lines, options.batch_size):
        repeated = {name: [value] * len(piece) for name, value in settings.items()}
        yield {**_columns(piece, names), **repeated}


def _value(name: str, text: str, kind: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError as error:
        if kind == _TEXT:
            return text
        raise ValueError(f"--option {name}={text} is no {kind} in JSON: {error}.") from None
    return text if kind == _TEXT and not isinstance(value, str | list) else value


def _columns(lines: list[str], names: list[str]) -> dict[str, list]:
    """The parts of lines by the names of the inputs; a line is whole if there is but one input."""
    if len(names) < 2:
        return dict.fromkeys(names, lines)
    rows = [line.split("\t") for line in lines]
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            wanted = "<TAB>".join(names)
            raise ValueError(f"A line must be {wanted}, or --option gives one of them: {line!r}.")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


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
    if as_json or "text" not in outputs:
        rows = zip(*outputs.values(), strict=True)
        lines = [json.dumps(dict(zip(outputs, r, strict=True)), ensure_ascii=False) for r in rows]
    else:
        lines = best_texts(outputs)
    print(*lines, sep="\n", flush=True)
