"""What the commands of this folder share."""

import argparse
import os
import re
from collections.abc import Callable, Sequence

PARQUET = ".parquet"


class OutputError(ValueError):
    """A place where nothing can be written; says how to mend it."""


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


def part_of(
    output: str, inputs: Sequence[str] = (), exists: Callable[[str], bool] = os.path.exists
) -> str:
    """The name that an output has until it is whole.

    Args:
        output: A path, or `scheme://...`.
        inputs: What is read, as absolute paths.
        exists: Says whether there is something under a path.

    Raises:
        OutputError: There is no such directory, or something that would be overwritten. Only a
            file of text gives way to a new one.
    """
    output = output if "://" in output else os.path.abspath(output)
    part = f"{output}.part"
    if "://" not in output and not os.path.isdir(os.path.dirname(output)):
        raise OutputError(f"{output} cannot be written: there is no such directory; make it first.")
    if output in inputs:  # a glob has found what was written before
        raise OutputError(f"{output} is among the files to translate: name another output.")
    for path in (output, part):
        if exists(path) and (output.endswith(PARQUET) or os.path.isdir(path)):
            raise OutputError(f"{path} is there already: remove it, or name another output.")
    return part
