"""A model whose newest version is served while others come and go."""

import contextlib
import dataclasses
import logging
import pathlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import grpc

from keras_seq2seq.export.export_error import first_line
from keras_seq2seq.export.saved_model_artefact import UNCHECKED
from keras_seq2seq.serving.metrics import Metrics
from keras_seq2seq.serving.serving_error import ServingError
from keras_seq2seq.serving.versions.servable import Servable
from keras_seq2seq.serving.versions.warm_up import warm_up

_log = logging.getLogger(__name__)


@dataclasses.dataclass
class _Version:
    """What is known of a version; a servable only while it is AVAILABLE or UNLOADING."""

    state: str = "LOADING"
    error: ServingError | None = None
    servable: Servable | None = None
    users: int = 0
    seen: object = None  # its files, when it could not be loaded


class ServedModel:
    """One model: the newest of its versions is loaded, and swapped when a newer one appears.

    The new version is loaded and warmed up before the old one stops, as TensorFlow Serving's
    default policy has it. A request keeps the version it began with; a version is unloaded when
    the last of them is done. One that cannot be loaded is tried again when its files change.

    Args:
        name: Under which it is served.
        find: Gives the directories of the versions there are, by number.
        metrics: Where the time of warming up is counted.
        warmed_up: Whether the requests that a version brings along are run before it is served.
        most_rows: As for `Servable`.

    Example:

    ```python
    model = ServedModel("ko_en", lambda: {1: pathlib.Path("served/ko_en/1")}, Metrics())
    model.poll()
    with model.lease() as (version, servable):
        print(version, servable.signatures.keys())
    ```
    """

    def __init__(
        self,
        name: str,
        find: Callable[[], Mapping[int, pathlib.Path]],
        metrics: Metrics,
        warmed_up: bool = True,
        most_rows: int | None = None,
    ):
        self.name = name
        self._find = find
        self._metrics = metrics
        self._warmed_up = warmed_up
        self._most_rows = most_rows
        self._trouble = ""  # what was last told of the directory
        self._versions: dict[int, _Version] = {}
        self._lock = threading.Lock()

    def states(self) -> dict[int, tuple[str, ServingError | None]]:
        """State and error of each version that there was, the newest first."""
        with self._lock:
            return {
                number: (version.state, version.error)
                for number, version in sorted(self._versions.items(), reverse=True)
            }

    def running(self) -> dict[int, int]:
        """How many requests each version has that are not answered yet."""
        with self._lock:
            return {number: version.users for number, version in self._versions.items()}

    @contextlib.contextmanager
    def lease(self, number: int | None = None) -> Iterator[tuple[int, Servable]]:
        """Gives a version that is not unloaded meanwhile: the newest, or a certain one.

        Raises:
            ServingError: NOT_FOUND, as it is not served.
        """
        with self._lock:
            served = [n for n, version in self._versions.items() if version.state == "AVAILABLE"]
            if not served or number not in (None, *served):
                asked = f"Latest({self.name})" if number is None else f"{self.name}, {number}"
                asked = asked if number is None else f"Specific({asked})"
                message = f"Servable not found for request: {asked}"
                raise ServingError(grpc.StatusCode.NOT_FOUND, message)
            number = max(served) if number is None else number
            version = self._versions[number]
            version.users += 1
        try:
            yield number, version.servable  # pyright: ignore[reportReturnType]
        finally:
            with self._lock:
                version.users -= 1

    def unchecked(self) -> set[int]:
        """The versions that are loaded though they have no manifest to compare their files with."""
        with self._lock:
            loaded = {number: version.servable for number, version in self._versions.items()}
        return {number for number, servable in loaded.items() if servable and not servable.checked}

    def poll(self) -> None:
        """Looks for a newer version, loads it, and unloads what is no longer wanted or used."""
        try:
            found = self._find()
        except OSError as error:  # the place is away for a moment, perhaps: what runs goes on
            if str(error) != self._trouble:
                _log.error("%s: %s", self.name, error)
            self._trouble = str(error)
            return
        self._trouble = ""
        newest = max(found, default=None)
        if newest is not None and self._is_new(newest, found[newest]):
            self._load(newest, found[newest])
        self._retire(newest)

    def close(self) -> None:
        """Unloads what no request uses."""
        self._retire(None)

    def _is_new(self, number: int, directory: pathlib.Path) -> bool:
        with self._lock:
            version = self._versions.get(number)
        if version is None or (version.state == "END" and version.error is None):
            return True
        return version.error is not None and version.seen != _files(directory)

    def _load(self, number: int, directory: pathlib.Path) -> None:
        seen, version = _files(directory), _Version()
        with self._lock:
            self._versions[number] = version
        start = time.perf_counter()
        try:
            servable = Servable(directory, self._most_rows)
            loaded = time.perf_counter()
            records = warm_up(servable) if self._warmed_up else 0
        except Exception as error:  # a version is what somebody copied there: all can be wrong
            refusal = _refusal(error, directory)
            with self._lock:
                version.state, version.error, version.seen = "END", refusal, seen
            _log.error("%s version %d cannot be served: %s", self.name, number, refusal.message)
            return
        if records:
            seconds = time.perf_counter() - loaded
            self._metrics.time("model_warmup_latency", seconds, str(directory), "OK")
        with self._lock:
            version.state, version.servable = "AVAILABLE", servable
        seconds = time.perf_counter() - start
        warmed = f", {records} requests to warm up" if records else ""
        _log.info("%s version %d is served (%.1f s%s)", self.name, number, seconds, warmed)
        if not servable.checked:
            _log.info("%s version %d: %s", self.name, number, UNCHECKED)

    def _retire(self, newest: int | None) -> None:
        """Stops all versions but the newest if that is served, or all if there is none."""
        with self._lock:
            there = self._versions.get(newest) if newest is not None else None
            if newest is None or (there and there.state == "AVAILABLE"):
                for number, version in self._versions.items():
                    if number != newest and version.state == "AVAILABLE":
                        version.state = "UNLOADING"
            idle = {
                number: version
                for number, version in self._versions.items()
                if version.state == "UNLOADING" and not version.users
            }
        for number, version in idle.items():
            if version.servable:
                version.servable.close()
            with self._lock:
                version.servable, version.state = None, "END"
            _log.info("%s version %d is unloaded", self.name, number)


def _refusal(error: Exception, directory: pathlib.Path) -> ServingError:
    if isinstance(error, ServingError):
        return error
    if not (directory / "saved_model.pb").is_file():
        missing = "Could not find SavedModel .pb or .pbtxt at supplied export directory path"
        return ServingError(grpc.StatusCode.NOT_FOUND, f"{missing}: {directory}")
    return ServingError(grpc.StatusCode.FAILED_PRECONDITION, first_line(error))


def _files(directory: pathlib.Path) -> object:
    """What of a directory changes when it is copied or mended."""
    found = []
    for path in sorted(directory.rglob("*")):
        with contextlib.suppress(OSError):
            stat = path.stat()
            found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return found
