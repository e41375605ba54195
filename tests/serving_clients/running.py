"""Servers as processes of a test, and where they may be installed."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

PLACE = "KERAS_SEQ2SEQ_SERVERS"


def place_for(name):
    """A directory that stays, in which a test may install a server; skips if there is none."""
    if PLACE not in os.environ:
        pytest.skip(f"set {PLACE} to a directory where servers may be installed (1.5 GB)")
    path = pathlib.Path(os.environ[PLACE]).absolute() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def environment_with(path, *requirements):
    """The Python of a virtual environment that has this one's packages and some more."""
    python = path / "bin/python"
    done = path / "complete"
    if not done.is_file():
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        packages = pathlib.Path(
            subprocess.check_output(
                [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
            ).strip()
        )
        ours = [path for path in sys.path if path.endswith("-packages")]
        (packages / "of_the_tests.pth").write_text("\n".join(ours) + "\n")
        install = [python, "-m", "pip", "install", "-q", *requirements]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        done.touch()
    return python


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running(command, client, log, seconds=180, **options):
    """A process, from when `client` is told that the model is AVAILABLE."""
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=file,
            stderr=file,
            start_new_session=True,
            **options,
        )
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                client.wait_until_ready(1)
                break
            except RuntimeError as error:  # ServingError: not yet
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = log.read_text("utf-8", errors="replace")[-2000:]
                    pytest.fail(f"the server did not start: {error}\n{tail}")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
