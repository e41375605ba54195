"""How the workers of a run find each other, before a backend waits for all of them at once."""

import contextlib
import json
import socket
import time
from typing import Any

from keras_seq2seq.training.errors import TrainingError, WorkerGone
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses
from keras_seq2seq.version import __version__

PATIENCE = 900.0  # seconds
_REMINDER = 30.0  # seconds
_TAKEN = 10.0  # seconds that a worker of before may need to give its port back
_GRACE = 30.0  # seconds that the chief may take to answer all
_LONGEST = 1 << 16  # bytes of what one says
_met: set[WorkerAddresses] = set()


def meet_workers(addresses: WorkerAddresses, say: Say = quiet, patience: float = PATIENCE) -> None:
    """Waits until all workers of a run are there; once in a process.

    What a backend does about it by itself names nobody, and in TensorFlow it does not end and
    cannot be broken off. So each worker calls at the chief's address first, and says who it is. The
    port is the backend's afterwards.

    Args:
        addresses: The workers, and which one this is.
        say: Is told every half a minute whom the chief, or this worker, still waits for.
        patience: Seconds until it is an error.

    Raises:
        WorkerGone: somebody is missing.
        TrainingError: the port is taken, or the chief knows of other workers, another version or
            another one of this number.
    """
    if len(addresses.addresses) == 1 or addresses in _met:
        return
    end = time.monotonic() + patience
    with _listening(addresses) as server:
        if addresses.index == 0:
            _gather(server, addresses, say, end)
    if addresses.index:
        _report(addresses, say, end)
    _met.add(addresses)


def _listening(addresses: WorkerAddresses) -> socket.socket:
    """A server at the port of this worker, whose host may have any number of names."""
    own = addresses.addresses[addresses.index]
    kind = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    place, end = ("", int(own.rpartition(":")[2])), time.monotonic() + _TAKEN
    while True:
        try:
            return socket.create_server(
                place, family=kind, dualstack_ipv6=kind == socket.AF_INET6, backlog=1024
            )
        except OSError as error:
            if time.monotonic() > end:
                raise TrainingError(
                    f"Worker {addresses.index} cannot listen at its port, {own}: {error.strerror}. "
                    "Another program may have it, such as a worker of an earlier run: end that "
                    "one, or give all workers another port."
                ) from error
        time.sleep(0.5)


def _gather(server: socket.socket, addresses: WorkerAddresses, say: Say, end: float) -> None:
    """The chief's part: it answers all when all have called."""
    count = len(addresses.addresses)
    there: dict[int, socket.socket] = {}
    reminder = time.monotonic() + _REMINDER
    server.settimeout(1.0)
    with contextlib.ExitStack() as callers:
        while True:
            there = {number: caller for number, caller in there.items() if not _hung_up(caller)}
            missing = [number for number in range(1, count) if number not in there]
            if not missing:
                break
            names = ", ".join(f"worker {n} ({addresses.addresses[n]})" for n in missing)
            if time.monotonic() > end:
                text = f"Worker 0, the chief, has waited for {names} in vain. Start all workers, "
                text += "and let them reach the chief's port."
                for caller in there.values():
                    _answer(caller, text)
                raise WorkerGone(text)
            if time.monotonic() > reminder:
                say(f"Worker 0 still waits for {names}")
                reminder += _REMINDER
            try:
                caller, _ = server.accept()
            except TimeoutError:
                continue
            callers.enter_context(caller)
            caller.settimeout(5.0)
            said = _read(caller)
            if said.get("worker") is None:  # no worker
                caller.close()
            elif problem := _problem(said, addresses, there):
                say(f"Worker 0 has sent a worker away: {problem}")
                _answer(caller, problem)
            else:
                caller.setblocking(False)
                there[said["worker"]] = caller
        for caller in there.values():
            _answer(caller, "")


def _problem(
    said: dict[str, Any], addresses: WorkerAddresses, there: dict[int, socket.socket]
) -> str:
    """Why one who calls is none of the workers, in words for both."""
    known = list(addresses.addresses)
    if said.get("workers") != known:
        return f"it knows the workers {said.get('workers')}, the chief {known}. Tell all the same."
    number, version = said["worker"], said.get("version")
    if number not in range(1, len(known)) or number in there and not _hung_up(there[number]):
        return f"there is a worker {number} already. Give each one a number of its own."
    if version != __version__:
        return f"it is of keras_seq2seq {version}, the chief of {__version__}. Install one version."
    return ""


def _report(addresses: WorkerAddresses, say: Say, end: float) -> None:
    """The part of another worker: it calls until it is answered."""
    chief = addresses.addresses[0]
    host, _, port = chief.rpartition(":")
    known = list(addresses.addresses)
    own = {"worker": addresses.index, "workers": known, "version": __version__}
    reminder = time.monotonic() + _REMINDER
    while True:
        reason = "what is there does not answer as a worker does"
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=5.0) as caller:
                _send(caller, own)
                caller.settimeout(max(end - time.monotonic(), 0.0) + _GRACE)
                answer = _read(caller)
            if answer.get("problem"):
                raise TrainingError(f"Worker {addresses.index}: {answer['problem']}")
            if "problem" in answer:
                return
        except OSError as error:
            reason = error.strerror or str(error)
        waits = f"for worker 0, the chief, at {chief} ({reason})"
        if time.monotonic() > end:
            raise WorkerGone(
                f"Worker {addresses.index} has waited {waits} in vain. Start all workers, and let "
                "them reach that port."
            )
        if time.monotonic() > reminder:
            say(f"Worker {addresses.index} still waits {waits}")
            reminder += _REMINDER
        time.sleep(0.5)


def _send(caller: socket.socket, said: dict[str, Any]) -> None:
    caller.sendall(json.dumps(said).encode() + b"\n")


def _answer(caller: socket.socket, problem: str) -> None:
    with contextlib.suppress(OSError):  # it has gone meanwhile
        _send(caller, {"problem": problem})


def _read(caller: socket.socket) -> dict[str, Any]:
    """What one says, or nothing where it is not of ours."""
    try:
        with caller.makefile("rb") as lines:
            said = json.loads(lines.readline(_LONGEST))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _hung_up(caller: socket.socket) -> bool:
    """Whether one who has said all it has to say is not there any more."""
    try:
        return caller.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
