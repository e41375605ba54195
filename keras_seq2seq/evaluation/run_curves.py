"""The figures of a run, epoch by epoch."""

import csv
import dataclasses
import math
import pathlib
from typing import Self

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.objective.monitor import Monitor


@dataclasses.dataclass(frozen=True)
class RunCurves:
    """What `metrics.csv` of a run holds.

    Args:
        name: What the run is called in a picture.
        epochs: From 1, ascending.
        columns: The figures of each column, one for each epoch, NaN where there is none.

    Raises:
        ValueError: A column has not as many figures as there are epochs.

    Example:

    >>> curves = RunCurves("first", [1, 2, 3], {"val_loss": [4.0, 3.5, 3.7]})
    >>> curves.best_epoch()
    2
    """

    name: str
    epochs: list[int]
    columns: dict[str, list[float]]

    def __post_init__(self) -> None:
        for column, figures in self.columns.items():
            if len(figures) != len(self.epochs):
                raise ValueError(
                    f"RunCurves: {column} has {len(figures)} figures for {len(self.epochs)} epochs."
                )

    @classmethod
    def read(cls, path: FilePath, name: str | None = None) -> Self:
        """Reads a `metrics.csv`, or that of a run directory.

        A run that was resumed may have written an epoch twice: the last time counts. A last line
        that was cut off, and columns that are no numbers, are passed over. The name defaults to
        that of the directory.

        Raises:
            ValueError: There is no such file, or no whole epoch in it.
        """
        path = pathlib.Path(path)
        file = path / "metrics.csv" if path.is_dir() else path
        if not file.is_file():
            runs = sorted(str(other.parent) for other in path.glob("*/metrics.csv"))
            hint = f" There are {', '.join(runs[:5])}." if runs else ""
            raise ValueError(
                f"{path} has no metrics.csv: expected the directory of a run that has begun.{hint}"
            )
        with open(file, newline="", encoding="utf-8", errors="replace") as lines:
            read = [(_number(row.get("epoch")), row) for row in csv.DictReader(lines)]
        whole = ((n, row) for n, row in read if None not in row and None not in row.values())
        rows = {int(number): row for number, row in whole if math.isfinite(number)}
        if not rows:
            raise ValueError(f"{file} holds no whole epoch yet: wait until the first one is done.")
        epochs = sorted(rows)
        first = 0 if epochs[0] else 1  # files of version 0.1 begin with an epoch 0
        names = [column for column in rows[epochs[-1]] if column != "epoch"]
        columns = {n: [_number(rows[epoch].get(n)) for epoch in epochs] for n in names}
        columns = {n: figures for n, figures in columns.items() if any(map(math.isfinite, figures))}
        return cls(name or file.resolve().parent.name, [epoch + first for epoch in epochs], columns)

    def best_epoch(self, monitor: str = "val_loss") -> int | None:
        """The epoch with the best figure in the column of a `Monitor`, the first of equals."""
        rank, figures = Monitor(monitor).rank, self.columns.get(monitor, [])
        ranked = [(rank(f), self.epochs[i]) for i, f in enumerate(figures) if math.isfinite(f)]
        return min(ranked)[1] if ranked else None


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return math.nan
