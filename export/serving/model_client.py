"""What all clients do alike: cut long requests to pieces, pick texts, wait for a model."""

import abc
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serving_error import ServingError

MOST_ROWS = 32


class ModelClient(abc.ABC):
    """One model on one server, over any protocol.

    Args:
        timeout: Seconds a request may take, with all its pieces and retries.
        batch_size: Rows sent at once; a longer request is cut to such pieces, in order.
    """

    def __init__(self, timeout: float, batch_size: int = MOST_ROWS):
        if batch_size < 1:
            raise ValueError(f"batch_size={batch_size} must be at least 1.")
        self.timeout, self.batch_size = timeout, batch_size

    def translate(self, texts: Sequence[str], signature: str = "serving_default") -> list[str]:
        """Texts -> a text for each, in order; the best if the signature gives several."""
        if isinstance(texts, str):
            raise ValueError("translate takes a list of texts, not one.")
        if not texts:
            return []
        return best_texts(self.predict({"text": list(texts)}, signature))

    def predict(
        self,
        inputs: Mapping[str, list],
        signature: str = "serving_default",
        only: Sequence[str] = (),
    ) -> dict[str, list]:
        """Inputs by name, with as many rows in each -> outputs by name; of `only`, if given.

        Raises:
            ServingError: The server refused, with its message; it could not be reached; or the
                time is over, which ends the waiting but not always the server's work.
        """
        deadline = time.monotonic() + self.timeout
        answers = []
        for batch in in_batches(inputs, self.batch_size):
            left = deadline - time.monotonic()
            if left <= 0:
                raise ServingError(f"{len(answers)} pieces took {self.timeout} s", "deadline")
            answers.append(self._predict_once(batch, signature, only, left))
        return {name: [row for answer in answers for row in answer[name]] for name in answers[0]}

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Returns as soon as a version is AVAILABLE; raises ServingError if none is in time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                status: Any = self.status()
            except ServingError as error:
                status = error
            if isinstance(status, dict) and "AVAILABLE" in status.values():
                return
            if time.monotonic() > deadline:
                raise ServingError(f"not ready after {seconds} s: {status}", "deadline")
            time.sleep(0.2)

    @abc.abstractmethod
    def status(self) -> dict[str, str]:
        """State of each version, `AVAILABLE` if it answers; a failed one with the reason."""

    @abc.abstractmethod
    def signatures(self) -> dict[str, Any]:
        """Names, types and shapes of the inputs and outputs of each signature."""

    @abc.abstractmethod
    def _predict_once(
        self, inputs: dict[str, list], signature: str, only: Sequence[str], timeout: float
    ) -> dict[str, list]:
        """Sends one piece."""


def in_batches(inputs: Mapping[str, list], size: int) -> Iterator[dict[str, list]]:
    """Cuts inputs [R, ...] to pieces of at most `size` rows; no rows are one empty piece."""
    counts = {name: len(values) for name, values in inputs.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(f"A request needs inputs, all with as many rows; these have {counts}.")
    for start in range(0, max(*counts.values(), 1), size):
        yield {name: values[start : start + size] for name, values in inputs.items()}


def best_texts(outputs: Mapping[str, list]) -> list[str]:
    """`text` [B], or the first of each row if the signature gives several [B, N]."""
    return [found[0] if isinstance(found, list) else found for found in outputs["text"]]
