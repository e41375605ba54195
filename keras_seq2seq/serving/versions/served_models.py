"""All models that are served, and who watches their directories."""

import logging
import threading
from collections.abc import Iterator, Mapping

import grpc

from keras_seq2seq.serving.metrics import Metrics
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.versions.model_directories import Finder
from keras_seq2seq.serving.versions.served_model import ServedModel

_log = logging.getLogger(__name__)


class ServedModels:
    """Models by name. A thread looks for new versions.

    Args:
        finders: For each name a function that finds the model's versions.
        metrics: Where the time of warming up is counted.
        poll_seconds: How often directories are looked at; 0 is never after the start.
        warmed_up: As for `ServedModel`.
        most_rows: Likewise.

    Example:

    ```python
    models = ServedModels(find_models(pathlib.Path("served/ko_en")), Metrics())
    models.start()
    models.get("ko_en").states()
    models.close()
    ```
    """

    def __init__(
        self,
        finders: Mapping[str, Finder],
        metrics: Metrics,
        poll_seconds: float = 1.0,
        warmed_up: bool = True,
        most_rows: int | None = None,
    ):
        self._models = {
            name: ServedModel(name, find, metrics, warmed_up, most_rows)
            for name, find in finders.items()
        }
        self._poll_seconds = poll_seconds
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="versions", daemon=True)

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models.values())

    def start(self) -> None:
        """Loads every model, then watches.

        Raises:
            ServingError: a model has no version that can be served.
        """
        for model in self:
            model.poll()
            states = model.states()
            errors = [error for _, error in states.values() if error]
            if errors:
                newest = max(states)
                message = f"{model.name} version {newest} cannot be served: {errors[0].message}"
                raise ServingError(errors[0].code, message)
        if self._poll_seconds:
            self._watcher.start()

    def close(self) -> None:
        """Stops watching and unloads what no request uses."""
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for model in self:
            model.close()

    def get(self, name: str, version: int | None = None) -> ServedModel:
        """The model of a name.

        Raises:
            ServingError: there is none; `version` is only for the message.
        """
        if not name:
            raise invalid("ModelSpec has no name specified.")
        if name not in self._models:
            asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            message = f"Servable not found for request: {asked}"
            raise ServingError(grpc.StatusCode.NOT_FOUND, message)
        return self._models[name]

    def find(self, name: str) -> ServedModel | None:
        """The model of a name, if there is one."""
        return self._models.get(name)

    def _watch(self) -> None:
        told: dict[str, str] = {}
        while not self._stopped.wait(self._poll_seconds):
            for model in self:
                try:
                    model.poll()
                    told.pop(model.name, None)
                except Exception as error:  # whatever is wrong with one model, others go on
                    if told.get(model.name) != str(error):
                        _log.exception("%s", model.name)
                    told[model.name] = str(error)
