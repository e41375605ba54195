"""What a load test saw: latencies, wrong replies, errors, memory."""

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from serving_error import ServingError

_EXAMPLES = 5


class LoadReport:
    """Collects from many threads and tells the sum.

    Args:
        about: What was asked of the test, kept in `facts`.
        clients: How many ask at once.
    """

    def __init__(self, about: dict[str, Any], clients: int):
        self.about, self.clients, self.seconds = about, clients, 0.0
        self._lock = threading.Lock()
        self._latencies: dict[str, list[float]] = {}
        self._rows = self._wrong = 0
        self._errors: Counter[str] = Counter()
        self._examples: list[str] = []
        self._memory: list[tuple[float, int]] = []

    @property
    def flawless(self) -> bool:
        """Whether something was asked, and all of it answered, and rightly."""
        return bool(self._latencies) and not self._wrong and not self._errors

    def add(
        self,
        signature: str,
        rows: int,
        seconds: float,
        difference: str | None,
        error: ServingError | None,
        inputs: dict[str, list],
    ) -> None:
        """One request and what became of it."""
        with self._lock:
            if error is not None:
                self._errors[error.kind] += 1
            else:
                self._latencies.setdefault(signature, []).append(seconds)
                self._rows += rows
                self._wrong += bool(difference)
            if (error or difference) and len(self._examples) < _EXAMPLES:
                self._examples.append(f"{signature} {inputs}: {error or difference}")

    def add_memory(self, seconds: float, size: int) -> None:
        """A sample of the server's resident bytes."""
        self._memory.append((seconds, size))

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        everything = sorted(value for values in self._latencies.values() for value in values)
        facts = {
            "asked": self.about,
            "seconds": round(self.seconds, 2),
            "clients": self.clients,
            "requests": len(everything),
            "rows": self._rows,
            "requests_per_second": round(len(everything) / max(self.seconds, 1e-9), 2),
            "rows_per_second": round(self._rows / max(self.seconds, 1e-9), 2),
            "wrong": self._wrong,
            "errors": dict(self._errors),
            "examples": self._examples,
            "latency_ms": {"all": percentiles(everything)}
            | {name: percentiles(sorted(v)) for name, v in sorted(self._latencies.items())},
        }
        return facts | ({"memory_mb": self._memory_facts()} if self._memory else {})

    def table(self) -> str:
        """For people."""
        facts = self.facts()
        lines = [f"{'latency, ms':24}{'count':>9}{'p50':>9}{'p90':>9}{'p99':>9}{'max':>9}"]
        for name, about in facts["latency_ms"].items():
            numbers = "".join(f"{about[key]:>9.1f}" for key in ("p50", "p90", "p99", "max"))
            lines.append(f"{name:24}{about['count']:>9}{numbers}")
        lines.append(
            f"{facts['requests_per_second']} requests and {facts['rows_per_second']} texts a second"
            f" from {self.clients} clients in {facts['seconds']} s"
        )
        lines.append(f"wrong replies: {self._wrong}; errors: {facts['errors'] or 'none'}")
        if "memory_mb" in facts:
            memory = facts["memory_mb"]
            lines.append(
                f"server's memory: {memory['begin']} MB at the beginning, {memory['end']} at the "
                f"end ({memory['growth_percent']:+} %), {memory['max']} at most"
            )
        return "\n".join([*lines, *(f"  {example[:500]}" for example in self._examples)])

    def _memory_facts(self) -> dict[str, Any]:
        """Begin and end are the medians of the first and the last tenth."""
        sizes = [size for _, size in self._memory]
        tenth = max(len(sizes) // 10, 1)
        begin, end = (sorted(part)[len(part) // 2] for part in (sizes[:tenth], sizes[-tenth:]))
        return {
            "begin": round(begin / 2**20, 1),
            "end": round(end / 2**20, 1),
            "max": round(max(sizes) / 2**20, 1),
            "growth_percent": round(100 * (end - begin) / max(begin, 1), 2),
            "samples": [
                [round(second, 1), round(size / 2**20, 1)]
                for second, size in self._memory[:: max(len(sizes) // 60, 1)]
            ],
        }

    @contextlib.contextmanager
    def progress(self, seconds: float) -> Iterator[Callable[[float], None]]:
        """Gives a function that shows how many of the seconds are over."""

        def words() -> str:
            count = sum(map(len, self._latencies.values()))
            return f"{count} replies, {self._wrong} wrong, {self._errors.total()} errors"

        try:
            from rich.console import Console
            from rich.progress import Progress
        except ImportError:
            yield lambda now: print(f"{now:.0f} s: {words()}", end="\r", file=sys.stderr)
            print(file=sys.stderr)
            return
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=seconds)
            yield lambda now: bar.update(task, completed=now, description=words())


def percentiles(ordered: list[float]) -> dict[str, float]:
    """Of seconds in order, in milliseconds; each is a value that was seen."""
    if not ordered:
        return {"count": 0, "p50": 0.0, "p90": 0.0, "p99": 0.0, "max": 0.0}
    found = {
        f"p{percent}": ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]
        for percent in (50, 90, 99)
    }
    milliseconds = {name: round(v * 1e3, 2) for name, v in (found | {"max": ordered[-1]}).items()}
    return {"count": len(ordered), **milliseconds}
