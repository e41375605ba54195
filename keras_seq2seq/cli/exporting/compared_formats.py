"""Formats of a `.tflite` file: what they are judged on, and what is told of them."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.cli.terminal import err, progress_of, say
from keras_seq2seq.training.runs.scored_pairs import validation_pairs


@dataclasses.dataclass(frozen=True)
class JudgedPairs:
    """Pairs to judge formats on: some of all that the run was validated on.

    Attributes:
        sources, references: N texts each.
        available: How many the run has.
    """

    sources: list[str]
    references: list[str]
    available: int


def pairs_to_judge(
    model: Path, quantize: str | None, needed: bool, most: int | None
) -> JudgedPairs | None:
    """Pairs of the model's run, evenly from all; `None` where nothing is to be judged."""
    if quantize in (None, "none"):
        return None
    try:
        pairs = validation_pairs(model)
    except (ValueError, OSError) as error:
        if needed or quantize == "auto":
            raise ValueError(f"Formats cannot be judged: {error}") from None
        say(f"warning: {quantize} was not judged: {error}")
        return None
    step = -(-len(pairs) // (most or 1000))  # they may be sorted
    return JudgedPairs(pairs.sources[::step], pairs.targets[::step], len(pairs))


@contextlib.contextmanager
def watching(judged: JudgedPairs | None) -> Iterator[dict[str, Any]]:
    """Arguments for judging and for a bar that shows it; a spinner where nothing is judged."""
    if judged is None:
        with err.status("Converting and comparing the .tflite file"):
            yield {}
    else:
        with progress_of("comparing formats", len(judged.sources)) as progress:
            yield {"validation": (judged.sources, judged.references), "progress": progress}


def tell_formats(file: Path, judged: JudgedPairs, report: bool, picture: Path | None) -> None:
    """Shows what was measured, what could not be had, and how sure the choice is."""
    from keras_seq2seq.cli.screen.format_table import format_table
    from keras_seq2seq.export import QuantizationReport, plot_formats

    found = QuantizationReport.read(file)
    err.print(format_table(found))
    for name, reason in found.refused.items():
        say(f"{name}: {reason}")
    if doubt := found.doubt():
        more = judged.available > found.sentences
        hint = f" The run has {judged.available:,}: raise --judged-pairs." if more else ""
        say(f"warning: {doubt}{hint}")
    if report:
        with replacing(Path(f"{file}.report.json")) as temporary:
            text = json.dumps(found.to_dict(), ensure_ascii=False, indent=1) + "\n"
            temporary.write_text(text, "utf-8")
    if picture is not None:
        plot_formats(found, picture)
