"""What all clients do alike: cut long requests to pieces, pick texts, wait for a model."""

import abc
import difflib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        self._inputs: dict[str, dict[str, Any]] = {}

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

        Inputs other than `text` are compared with the signature's, since a server may drop those
        that it does not know.

        Raises:
            ServingError: The server refused, with its message; it could not be reached; or the
                time is over, which ends the waiting but not always the server's work.
            ValueError: There is no such signature or input.
        """
        deadline = time.monotonic() + self.timeout
        if inputs.keys() != {"text"}:
            self.inputs_of(signature, inputs)
        answers = []
        for batch in in_batches(inputs, self.batch_size):
            left = deadline - time.monotonic()
            if left <= 0:
                raise ServingError(f"{len(answers)} pieces took {self.timeout} s", "deadline")
            answers.append(self._predict_once(batch, signature, only, left))
        return {name: [row for answer in answers for row in answer[name]] for name in answers[0]}

    def inputs_of(self, signature: str, names: Iterable[str] = ()) -> dict[str, Any]:
        """Types and shapes of a signature's inputs, by name; the server is asked once.

        Args:
            signature: Its name.
            names: Inputs that it must have.

        Raises:
            ValueError: There is no such signature, or an input is missing.
        """
        names = [*names]
        known = self._inputs.get(signature)
        if known is None or not known.keys() >= {*names}:  # a newer version may have others
            known = self._inputs[signature] = self._ask_inputs(signature)
        for name in names:
            if name not in known:
                raise ValueError(
                    f"{signature} has no input {name!r}; {_nearest_first(name, known)}."
                )
        return known

    def _ask_inputs(self, signature: str) -> dict[str, Any]:
        known = self.signatures()
        if signature not in known:
            raise ValueError(
                f"There is no signature {signature!r}; {_nearest_first(signature, known)}."
            )
        return known[signature]["inputs"]

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
    if "text" not in outputs:
        raise ValueError(f"The signature gives no `text`, but {', '.join(outputs)}: use predict.")
    return [found[0] if isinstance(found, list) else found for found in outputs["text"]]


def _nearest_first(name: str, known: Iterable[str]) -> str:
    def unlike(other: str) -> float:
        return -difflib.SequenceMatcher(None, name, other).ratio()

    return f"known, the nearest first: {', '.join(sorted(known, key=unlike)) or 'none'}"
