"""`keras-seq2seq plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_seq2seq.cli.arguments import all_existing
from keras_seq2seq.nearest_name import did_you_mean

_ENDINGS = (".png", ".svg", ".pdf")


def run(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run directories, drawn into one picture.", callback=all_existing),
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="The picture; default curves.png, in the run if there is one."),
    ] = None,
    monitor: Annotated[
        str | None,
        typer.Option(help="Column of metrics.csv that tells the best epoch; default the run's."),
    ] = None,
) -> None:
    """Draws loss, perplexity, accuracy and all else that a run wrote, epoch by epoch."""
    if output is None:
        output = runs[0] / "curves.png" if len(runs) == 1 else Path("curves.png")
    if output.suffix.lower() not in _ENDINGS:
        raise ValueError(
            f"--output {output}: a picture needs the ending {', '.join(_ENDINGS[:-1])} or "
            f"{_ENDINGS[-1]}."
        )
    if output.is_dir():
        raise ValueError(f"--output {output} is a directory: name a file.")
    from keras_seq2seq.evaluation.run_curves import RunCurves

    curves = [RunCurves.read(path, name) for path, name in zip(runs, _names(runs), strict=True)]
    if monitor is None:
        monitor = _monitor_of(runs[0])
    else:
        _check_monitor(monitor, curves)
    from keras_seq2seq.evaluation.curves_plot import plot_curves

    plot_curves(curves, output, monitor)
    print(output)


def _names(runs):
    """The directories' own names; their whole paths where these are not enough to tell them."""
    names = [path.resolve().name for path in runs]
    return names if len(set(names)) == len(names) else [str(path) for path in runs]


def _monitor_of(path):
    """What the run itself told its best epoch by."""
    from keras_seq2seq.objective.monitor import Monitor
    from keras_seq2seq.training.configuration.config_file import load_config
    from keras_seq2seq.training.run_directory import RunDirectory

    run = RunDirectory(path)
    if not run.is_run:
        return Monitor().column
    return Monitor.of_validation(load_config(run.config).training.monitor).column


def _check_monitor(monitor, curves):
    columns = sorted({column for run in curves for column in run.columns})
    if monitor not in columns:
        raise ValueError(
            f"--monitor {monitor} is no column of metrics.csv; there are {', '.join(columns)}."
            f"{did_you_mean(monitor, columns)}"
        )
