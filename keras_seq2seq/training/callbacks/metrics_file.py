"""The figures of every epoch as a table."""

import csv
import io

import keras

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs, Say, quiet
from keras_seq2seq.training.run_directory import RunDirectory


class MetricsFile(KnownNames, keras.callbacks.Callback):
    """Writes `metrics.csv`: one row an epoch, from 1, all that the callbacks before this one know.

    The file is written anew and whole each time, from rows that a checkpoint holds, too: a run
    that was killed and resumed leaves the same rows as one that was not. Where the file cannot
    be written, as on a full disk, that is told, and the rows come with the next epoch.

    Args:
        run: Where to write.
        say: Is given each message for the user.

    Example:

    ```python
    table = MetricsFile(run)
    model.fit(dataset, callbacks=[table])
    table.rows[0]["loss"]
    ```
    """

    checkpointed = ("rows",)

    def __init__(self, run: RunDirectory, say: Say = quiet):
        super().__init__()
        self.run = run
        self.say = say
        self.rows: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        figures = {name: float(value) for name, value in (logs or {}).items()}
        # Runs that version 0.1 began count from 0, and go on so.
        first = 0 if self.rows and self.rows[0]["epoch"] == 0 else 1
        self.rows.append({"epoch": epoch + first, **dict(sorted(figures.items()))})
        try:
            self.run.write_text(self.run.metrics.name, self.to_csv())
        except OSError as error:
            self.say(f"{self.run.metrics} cannot be written: {error}. Training goes on.")

    def to_csv(self) -> str:
        """All rows as text; a figure that an epoch lacks is left blank."""
        names = sorted({name for row in self.rows for name in row} - {"epoch"})
        text = io.StringIO()
        writer = csv.DictWriter(text, ["epoch", *names], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()
