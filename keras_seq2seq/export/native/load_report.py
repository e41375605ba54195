"""What came of many requests at once."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class LoadReport:
    """What `NativeSession.load` saw.

    Args:
        seconds: float. How long it took.
        milliseconds: float64 [runs]. How long each request took, of all threads.
        memory: float64 [samples, 2]. Seconds since the start, and resident bytes then.
        errors: int. Replies with an error where none was expected.
        wrong: int. Other replies that were not as expected.
        first: str. What the first of these replies said; empty if all were right.

    Example:

    >>> report = LoadReport(2.0, np.array([1.0, 2.0, 3.0, 4.0]), np.zeros((1, 2)), 0, 0, "")
    >>> report.throughput, report.percentile(50)
    (2.0, 2.5)
    """

    seconds: float
    milliseconds: np.ndarray
    memory: np.ndarray
    errors: int
    wrong: int
    first: str

    @property
    def throughput(self) -> float:
        """Requests a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, percent: float) -> float:
        """Milliseconds that so many percent of the requests took at most."""
        return float(np.percentile(self.milliseconds, percent))
