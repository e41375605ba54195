"""How many processes translate a text."""

import glob
import os
from pathlib import Path

from keras_seq2seq.process_pool import process_count

_TEXT = 2**20  # bytes of text that are worth the seconds that a process takes to start
_MEMORY = 3 * 2**29  # bytes that have to be free for each


def choose_processes(text_bytes: int | None) -> int:
    """How many processes to start for a text; 1 is this one alone.

    One for each core, at most 8, if there is enough text and memory for that. One where there is a
    GPU, which several would fight for.

    Args:
        text_bytes: The size of the text; `None` if it comes by and by.
    """
    if text_bytes is None or _has_gpu():
        return 1
    return max(1, min(process_count(), text_bytes // _TEXT, _free_memory() // _MEMORY))


def _has_gpu() -> bool:
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return bool(glob.glob("/dev/nvidia[0-9]*")) and not hidden


def _free_memory() -> int:
    """Bytes that new processes can have; on systems that do not tell, half of all there is."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvail")) * 1024
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
