"""What the commands of this folder share."""

import argparse
import re

PARQUET = ".parquet"


def parser_of(description: str) -> argparse.ArgumentParser:
    """A parser of the arguments that both commands have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("model", help="a SavedModel that every worker sees under this path")
    parser.add_argument("files", nargs="+", help="text, one source a line; also .gz and globs")
    parser.add_argument(
        "--output", required=True, help=f"a file of text; or, ending in {PARQUET}, a directory"
    )
    parser.add_argument("--batch-size", type=positive, default=32, help="texts at once (32)")
    parser.add_argument("--signature", default="serving_default", help="serving_default or beam")
    return parser


def positive(text: str) -> int:
    """Reads a number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def reason_of(error: BaseException) -> str:
    """What went wrong on a worker: our own words where they are within those of the cluster."""
    ours = re.findall(r"\b(?:TextError|ModelError|BatchError): ([^\n]+)", str(error))
    return ours[-1] if ours else f"{type(error).__name__}: {error}"
