"""Counters in Prometheus' format, under the names that TensorFlow Serving gives them."""

import bisect
import itertools
import threading

# The limits of TensorFlow Serving's buckets: microseconds from 10, each 1.8 times the last.
_LIMITS = [10 * 1.8**i for i in range(33)]

_COUNTERS = {"request_count": ("model_name", "status")}
_HISTOGRAMS = {
    "model_warmup_latency": ("model_path", "status"),
    "request_latency": ("model_name", "API", "entrypoint"),
    "runtime_latency": ("model_name", "API", "runtime"),
}


class Metrics:
    """Counts requests, and in buckets how long they took.

    `prometheus_client` is not used: it appends `_total` to the names of counters, and dashboards
    that are made for the real server would then find nothing.

    Example:

    ```python
    metrics = Metrics()
    metrics.count("request_count", "ko_en", "OK")
    metrics.time("request_latency", 0.012, "ko_en", "Predict", "GRPC")
    print(metrics.page())
    ```
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], int] = {}
        self._times: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}

    def count(self, name: str, *labels: str) -> None:
        """Adds one to a counter."""
        with self._lock:
            key = (name, *labels)
            self._counts[key] = self._counts.get(key, 0) + 1

    def time(self, name: str, seconds: float, *labels: str) -> None:
        """Adds a duration to a histogram."""
        microseconds = seconds * 1e6
        with self._lock:
            fresh = [0] * (len(_LIMITS) + 1), [0.0]
            buckets, total = self._times.setdefault((name, *labels), fresh)
            buckets[bisect.bisect_right(_LIMITS, microseconds)] += 1
            total[0] += microseconds

    def page(self) -> str:
        """All of it as text."""
        with self._lock:
            lines = [*self._counter_lines(), *self._histogram_lines()]
        return "\n".join(lines) + "\n"

    def _counter_lines(self) -> list[str]:
        lines = []
        for name, labels in _COUNTERS.items():
            lines.append(f"# TYPE {_full(name)} counter")
            for (key, *values), count in sorted(self._counts.items()):
                if key == name:
                    lines.append(f"{_full(name)}{{{_labels(labels, values)}}} {count}")
        return lines

    def _histogram_lines(self) -> list[str]:
        lines = []
        for name, labels in _HISTOGRAMS.items():
            lines.append(f"# TYPE {_full(name)} histogram")
            for (key, *values), (buckets, (total,)) in sorted(self._times.items()):
                if key != name:
                    continue
                inner = _labels(labels, values)
                counts = list(itertools.accumulate(buckets))
                limits = [*(f"{limit:g}" for limit in _LIMITS), "+Inf"]
                for limit, count in zip(limits, counts, strict=True):
                    lines.append(f'{_full(name)}_bucket{{{inner},le="{limit}"}} {count}')
                lines.append(f"{_full(name)}_sum{{{inner}}} {total:g}")
                lines.append(f"{_full(name)}_count{{{inner}}} {counts[-1]}")
        return lines


def _full(name: str) -> str:
    return f":tensorflow:serving:{name}"


def _labels(names: tuple[str, ...], values: list[str]) -> str:
    escaped = (v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for v in values)
    return ",".join(f'{name}="{value}"' for name, value in zip(names, escaped, strict=True))
