"""Another program beside ours, and figures as one line of JSON: for benchmarks of speed."""

import json
import shlex
import statistics
import subprocess
from pathlib import Path


def run_reference(command, key):
    """Runs a command that prints one line of JSON, and returns one of its figures."""
    output = subprocess.run(shlex.split(command), check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])[key]


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
