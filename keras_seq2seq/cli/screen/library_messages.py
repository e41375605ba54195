"""Keeps the chatter of the libraries below off standard error; their errors still show."""

import contextlib
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import TextIO

# Python's warnings from these are for their developers, not for who runs the command.
_LIBRARIES = r"(keras|tensorflow|tensorflow_text|tensorboard|google|absl|ai_edge_litert)(\.|$)"

# Runs as a process of its own, so that the last words of a crash get through as well.
_FILTER = r"""
import re, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
chatter = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:\d+\.\d+ +\d+ \S+:\d+\] "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|INFO: |WARNING: Attempting to use a delegate"
)
for line in sys.stdin.buffer:
    if not chatter.match(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextlib.contextmanager
def own_messages_only() -> Iterator[None]:
    """Drops notes of TensorFlow, Keras and LiteRT; `TF_CPP_MIN_LOG_LEVEL=0` lets them through."""
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        yield
        return
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with warnings.catch_warnings(), _native_messages_filtered():
        warnings.filterwarnings("ignore", module=_LIBRARIES)
        warnings.showwarning = lambda message, *_, **__: print(
            "warning: " + " ".join(str(message).split()), file=sys.stderr
        )
        yield


@contextlib.contextmanager
def _native_messages_filtered() -> Iterator[None]:
    """Puts a filter behind file descriptor 2; Python's own standard error goes around it.

    TensorFlow's libraries log while they are loaded, before they heed TF_CPP_MIN_LOG_LEVEL, and
    LiteRT heeds nothing: only the descriptor itself is left to be guarded.
    """
    if not _is_descriptor_2(sys.stderr):  # captured, or closed: nobody is disturbed
        yield
        return
    sys.stderr.flush()
    python, direct = sys.stderr, os.dup(2)
    reader, writer = os.pipe()
    command = [sys.executable, "-I", "-S", "-c", _FILTER]
    child = subprocess.Popen(command, stdin=reader, stderr=direct)
    os.dup2(writer, 2)
    os.close(reader)
    os.close(writer)
    sys.stderr = os.fdopen(direct, "w", 1, python.encoding, errors="backslashreplace")
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(direct, 2)  # the filter meets the end of its input
        sys.stderr.close()
        sys.stderr = python
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=2)


def _is_descriptor_2(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (AttributeError, OSError, ValueError):
        return False
