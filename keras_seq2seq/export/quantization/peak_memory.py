"""A program of its own: the most memory that a `.tflite` file takes while it translates.

It imports nothing of ours, and prints the bytes beyond what Python had before.

Usage: python peak_memory.py FILE < IDS, where IDS is a JSON list of sources.
"""

import json
import pathlib
import resource
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def memory(what: str) -> int:
    """Bytes that this process has (`VmRSS`) or had at most (`VmHWM`)."""
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:  # macOS, which counts bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * int(status.partition(f"{what}:")[2].split()[0])


def main() -> None:
    """Opens the file, translates what comes in, and tells."""
    before = memory("VmRSS")
    translate = Interpreter(sys.argv[1], num_threads=1).get_signature_runner("translate")
    for ids in json.load(sys.stdin):
        translate(ids=np.array([ids], "int32"))
    sys.stdout.write(str(max(0, memory("VmHWM") - before)))


if __name__ == "__main__":
    main()
