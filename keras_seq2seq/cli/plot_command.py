"""`keras-seq2seq plot`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_seq2seq.cli.arguments import existing
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.run_directory import RunDirectory


def run(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run directories, drawn into one picture.", callback=existing),
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
    if output.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ValueError(f"--output {output}: a picture needs the ending .png, .svg or .pdf.")
    if output.is_dir():
        raise ValueError(f"--output {output} is a directory: name a file.")
    from keras_seq2seq.evaluation.curves_plot import plot_curves
    from keras_seq2seq.evaluation.run_curves import RunCurves
    from keras_seq2seq.objective.monitor import Monitor

    names = [path.resolve().name for path in runs]
    if len(set(names)) < len(names):
        names = list(map(str, runs))  # the whole paths tell them apart
    curves = [RunCurves.read(path, name) for path, name in zip(runs, names, strict=True)]
    columns = sorted({column for run in curves for column in run.columns})
    first = RunDirectory(runs[0])
    if monitor is None and first.is_run:
        monitor = Monitor.of_validation(load_config(first.config).training.monitor).column
    elif monitor is None:
        monitor = Monitor().column
    elif monitor not in columns:
        raise ValueError(
            f"--monitor {monitor} is no column of metrics.csv; there are {', '.join(columns)}."
            f"{did_you_mean(monitor, columns)}"
        )
    plot_curves(curves, output, monitor)
    print(output)
