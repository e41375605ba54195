"""`keras-seq2seq serve`."""

import logging
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from keras_seq2seq.cli.arguments import existing
from keras_seq2seq.cli.terminal import err, say


def run(
    directories: Annotated[
        list[Path],
        typer.Argument(
            help="Base directory of a SavedModel, with versions as 1 and 2 in it; or a version; or "
            "a directory of base directories.",
            callback=existing,
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    rest_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of REST; 0 takes any that is free.")
    ] = 8501,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of gRPC; 0 takes any that is free.")
    ] = 8500,
    name: Annotated[
        str | None, typer.Option(help="Name of the model; that of its directory if not given.")
    ] = None,
    max_body: Annotated[int, typer.Option(min=1, help="Bytes that a request may have.")] = 2**28,
    poll: Annotated[
        float,
        typer.Option(min=0, help="Seconds between looks for new versions; 0 looks only once."),
    ] = 1.0,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that a request by REST may take.")
    ] = 30.0,
) -> None:
    """Serves SavedModels for development, with TensorFlow Serving's REST and gRPC.

    A new version in a base directory is loaded, and replaces the old one without a request lost.
    """
    from keras_seq2seq.serving.model_server import ModelServer, check_installed
    from keras_seq2seq.serving.serving_error import ServingError

    try:
        check_installed()
        finders = _find(directories, name)
        server = ModelServer(
            finders, host, rest_port, port, max_body=max_body, poll=poll, timeout=timeout
        )
        stopped = _stopped_by_signals()
        _log_to_standard_error()
        with err.status("Loading"):
            server.start()
    except ServingError as error:
        raise ValueError(error.message) from error
    except ImportError as error:
        raise ValueError(error) from error
    for model in finders:
        say(f"REST  {server.rest_address}/v1/models/{model}:predict")
    say(f"gRPC  {server.address}")
    say("For development. In production, give the same directory to TensorFlow Serving.")
    stopped.wait()
    say("Stopping, after the requests there are.")
    server.stop()


def _stopped_by_signals() -> threading.Event:
    """Is set by Ctrl-C or SIGTERM; the second one ends the process at once."""
    stopped = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop(*_: object) -> None:
        stopped.set()
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        signal.signal(number, stop)
    return stopped


def _find(directories: list[Path], name: str | None) -> dict:
    from keras_seq2seq.serving.versions.model_directories import find_models

    finders: dict = {}
    for directory in directories:
        found = find_models(directory, name if len(directories) == 1 else None)
        for twice in finders.keys() & found.keys():
            raise ValueError(f"Two of the directories hold a model named {twice}.")
        finders |= found
    if name and len(directories) > 1:
        raise ValueError("--name is for one directory.")
    return finders


def _log_to_standard_error() -> None:
    """Versions that come and go, and faults, are told while the server runs."""

    class ToUser(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(self.format(record))

    logger = logging.getLogger("keras_seq2seq.serving")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers[:] = [ToUser()]
