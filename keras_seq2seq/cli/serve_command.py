"""`keras-seq2seq serve`."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

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
    max_rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rows that a request may have. Default max_batch_size of the version's "
            "batching_params.pbtxt, or 1024 if it has none.",
        ),
    ] = None,
    poll: Annotated[
        float,
        typer.Option(min=0, help="Seconds between looks for new versions; 0 looks only once."),
    ] = 1.0,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that a request by REST may take.")
    ] = 30.0,
    warm_up: Annotated[
        bool,
        typer.Option(help="Run the requests that a version brings along before it is served."),
    ] = True,
) -> None:
    """Serves SavedModels for development, with TensorFlow Serving's REST and gRPC.

    A new version in a base directory is loaded, and replaces the old one without a request lost.
    """
    from keras_seq2seq.serving.model_server import ModelServer, check_installed
    from keras_seq2seq.serving.serving_error import ServingError

    try:
        check_installed()
    except ImportError as error:
        raise ValueError(error) from error
    from keras_seq2seq.export.saved_model_artefact import UNCHECKED
    from keras_seq2seq.serving.page.routes import routes

    finders = _find(directories, name)
    server = ModelServer(
        finders,
        host,
        rest_port,
        port,
        max_body=max_body,
        max_rows=max_rows,
        poll=poll,
        timeout=timeout,
        warmed_up=warm_up,
        pages=routes(finders),
    )
    with _until_signals() as stopped:
        try:
            with err.status("Loading"):
                server.start()
        except ServingError as error:
            raise ValueError(error.message) from error
        say(f"Page  {server.rest_address}/")
        for model in server.core.models:
            versions = " ".join(str(version) for version in model.states())
            path = f"{server.rest_address}/v1/models/{quote(model.name)}:predict"
            say(f"REST  {path}  (version {versions})")
            for number in sorted(model.unchecked()):
                say(f"{model.name} version {number}: {UNCHECKED}")
        say(f"gRPC  {server.address}")
        say(
            "For development. In production, give the same directory to TensorFlow Serving. "
            "Ctrl-C stops it, after the requests there are."
        )
        with _versions_told():
            stopped.wait()
            say("Stopping, after the requests there are.")
            server.stop()


@contextlib.contextmanager
def _until_signals() -> Iterator[threading.Event]:
    """Gives what Ctrl-C and SIGTERM set; the second of them ends the process at once."""
    stopped = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(*_: object) -> None:
        stopped.set()
        for number in before:
            signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _find(directories: list[Path], name: str | None) -> dict:
    from keras_seq2seq.export.kit.serving_kit import fit_name
    from keras_seq2seq.serving.versions.model_directories import find_models

    if name is not None:
        fit_name(name, None)
    finders: dict = {}
    for directory in directories:
        found = find_models(directory, name if len(directories) == 1 else None)
        for twice in finders.keys() & found.keys():
            raise ValueError(f"Two of the directories hold a model named {twice}.")
        finders |= found
    if name and len(directories) > 1:
        raise ValueError("--name is for one directory.")
    return finders


@contextlib.contextmanager
def _versions_told() -> Iterator[None]:
    """Tells the user which versions come and go, and what goes wrong."""

    class ToUser(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(self.format(record))

    logger, handler = logging.getLogger("keras_seq2seq.serving"), ToUser()
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
