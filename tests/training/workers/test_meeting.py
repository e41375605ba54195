"""Workers find each other in any order, and say whom they miss."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from keras_seq2seq.training.errors import TrainingError
from keras_seq2seq.training.workers import meeting
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(meeting, "_REMINDER", 0.1)
    monkeypatch.setattr(meeting, "_TAKEN", 0.1)
    monkeypatch.setattr(meeting, "_met", set())


def free_ports(count):
    sockets = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def addresses():
    return tuple(f"localhost:{port}" for port in free_ports(3))


class Meeting:
    """Workers in threads of their own; `said` by number."""

    def __init__(self, addresses, patience=30.0):
        self.addresses, self.patience = addresses, patience
        self.said = {}
        self.pool = ThreadPoolExecutor(8)

    def start(self, index, addresses=None):
        worker = WorkerAddresses(addresses or self.addresses, index)
        say = self.said.setdefault(index, []).append
        return self.pool.submit(meeting.meet_workers, worker, say, self.patience)

    def until(self, index, text):
        end = time.monotonic() + 30
        while not any(text in line for line in self.said.get(index, ())):
            assert time.monotonic() < end, self.said
            time.sleep(0.02)


def test_they_come_in_any_order(addresses):
    run = Meeting(addresses)
    workers = [run.start(2)]
    run.until(2, f"still waits for worker 0, the chief, at {addresses[0]} (Connection refused)")
    workers.append(run.start(0))
    run.until(0, f"Worker 0 still waits for worker 1 ({addresses[1]})")
    workers.append(run.start(1))
    for worker in workers:
        assert worker.result(timeout=30) is None
    assert run.start(0).result(timeout=30) is None  # a second run of the same processes


def test_who_is_missing_is_named_to_all(addresses):
    run = Meeting(addresses, patience=1.5)
    for worker in (run.start(0), run.start(1)):
        with pytest.raises(TrainingError, match=rf"waited for worker 2 \({addresses[2]}\) in vain"):
            worker.result(timeout=30)
    with pytest.raises(TrainingError, match=r"for worker 0, the chief.*\(Connection refused\) in"):
        run.start(1).result(timeout=30)


def test_a_taken_port_is_told(addresses):
    with (
        socket.create_server(("", int(addresses[1].split(":")[1]))),
        pytest.raises(TrainingError, match=rf"{addresses[1]}: Address already in use.*end that"),
    ):
        Meeting(addresses).start(1).result(timeout=30)


def test_those_who_do_not_belong_are_sent_away(addresses, monkeypatch):
    run = Meeting(addresses)
    workers = [run.start(0), run.start(1)]
    run.until(0, f"waits for worker 2 ({addresses[2]})")
    strange = (addresses[0], f"localhost:{free_ports(1)[0]}")
    with pytest.raises(TrainingError, match="Worker 1: it knows the workers.*Tell all the same"):
        run.start(1, strange).result(timeout=30)
    with socket.create_connection(("localhost", int(addresses[0].split(":")[1]))) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert not caller.recv(100)
    twice = WorkerAddresses(addresses, 1)
    with pytest.raises(TrainingError, match="there is a worker 1 already"):
        meeting._report(twice, print, time.monotonic() + 30)
    monkeypatch.setattr(meeting, "__version__", "0.0.1")
    known = {"worker": 2, "workers": list(addresses), "version": "9"}
    assert "of keras_seq2seq 9, the chief of 0.0.1" in meeting._problem(known, twice, {})
    workers.append(run.start(2))
    for worker in workers:
        assert worker.result(timeout=30) is None


def test_one_that_was_killed_while_it_waited_comes_again(addresses):
    run = Meeting(addresses)
    workers = [run.start(0)]
    run.until(0, "waits for worker 1")
    with socket.create_connection(("localhost", int(addresses[0].split(":")[1]))) as caller:
        meeting._send(
            caller,
            {"worker": 1, "workers": list(addresses), "version": meeting.__version__},
        )
        run.said[0].clear()
        run.until(0, f"waits for worker 2 ({addresses[2]})")
    workers += [run.start(1), run.start(2)]
    for worker in workers:
        assert worker.result(timeout=30) is None
