"""Another program beside ours, and figures as one line of JSON: for benchmarks of speed."""

import json
import shlex
import statistics
import subprocess
from pathlib import Path


def run_reference(command, key):
    """Runs a command that prints one line of JSON, and returns one of its figures.

    Raises:
        RuntimeError: It failed; with the last line of what it said.
    """
    done = subprocess.run(shlex.split(command), capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [""])[-1]
        raise RuntimeError(f"ended with {done.returncode}: {command}: {said}")
    return json.loads(done.stdout.strip().splitlines()[-1])[key]


def compared(ours, theirs):
    """How many times as fast: the ratio of medians, and the range of the rounds' own ratios."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        "ratio": round(statistics.median(ours) / statistics.median(theirs), 3),
        "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
    }


def give_line(figures, file):
    """Writes figures as one line of JSON; to standard output if `file` is `-` or `None`."""
    if file in (None, "-"):
        print(json.dumps(figures))
    else:
        Path(file).write_text(json.dumps(figures) + "\n", "utf-8")
