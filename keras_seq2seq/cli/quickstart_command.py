"""`keras-seq2seq quickstart`: the whole way, from corpus to three artefacts that agree."""

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from keras_seq2seq.cli.arguments import Overrides, Overwrite
from keras_seq2seq.cli.evaluate_command import score_texts, translate
from keras_seq2seq.cli.terminal import err, out
from keras_seq2seq.cli.train_command import open_run, train
from keras_seq2seq.onednn import prefer_onednn
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score

if TYPE_CHECKING:
    from keras_seq2seq.export import Artefact

SENTENCES = 5  # shown
COMPARED = 200
HOME = Path("runs/quickstart")  # a second quickstart replaces the first


def run(
    run_dir: Annotated[
        Path | None, typer.Option(help="Where everything goes; default runs/quickstart, anew.")
    ] = None,
    set_: Overrides = None,
    overwrite: Overwrite = False,
) -> None:
    """Trains on the phrasebook, scores, exports, and translates with all three artefacts."""
    prefer_onednn()
    start = time.monotonic()
    config = load_config("recipe:quickstart", set_ or [])
    pairs = config.data.read()
    with open_run(run_dir or HOME, overwrite or run_dir is None) as directory:
        train(config, directory, pairs=pairs)

    from keras_seq2seq import export
    from keras_seq2seq.export.keras_artefact import KerasArtefact

    scored = pairs_to_score([directory.path])
    pairs = scored.pairs
    trained = KerasArtefact(directory.model)
    scores = score_texts(translate(trained, pairs.sources), pairs.targets)
    with err.status("Exporting and comparing"):
        sample, path = pairs.sources[:64], directory.path
        saved = export.saved_model(trained.model, path / "saved_model", sample)
        tflite = export.tflite(trained.model, path / "model.tflite", sample=sample)
    artefacts = {
        "keras": trained,
        "saved_model": export.open_artefact(saved),
        "tflite": export.open_artefact(tflite),
    }
    outputs = {name: one.generate(pairs.sources[:COMPARED]) for name, one in artefacts.items()}
    found, sample = outputs["keras"].texts, pairs.sources[:SENTENCES]
    speeds = {name: _milliseconds(artefact, sample) for name, artefact in artefacts.items()}
    summary = {
        **{name: scores[name] for name in ("bleu", "chrf", "exact_match", "bleu_signature")},
        "seconds": round(time.monotonic() - start, 1),
        **{name: artefact.path for name, artefact in artefacts.items()},
        "parity": all(output.texts == found for output in outputs.values()),
        "sample": pairs.sources[0],
        "translation": found[0],
        "bytes": {name: artefact.size_bytes() for name, artefact in artefacts.items()},
        "milliseconds": speeds,
    }
    texts = [pairs.sources, pairs.targets, *(output.texts for output in outputs.values())]
    _show(list(zip(*texts, strict=False))[:SENTENCES], summary, scored.test)
    text = json.dumps(summary, ensure_ascii=False, indent=1) + "\n"
    print(directory.write_text("summary.json", text))


def _milliseconds(artefact: "Artefact", sources: Sequence[str]) -> float:
    """Median milliseconds of one sentence alone, after one warm round."""
    times = []
    for turn in range(4):
        for source in sources:
            start = time.perf_counter()
            artefact.generate([source], batch_size=1)
            if turn:
                times.append(1e3 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)


def _show(rows: Sequence[Sequence[str]], summary: Mapping[str, Any], test: str) -> None:
    names = ("source", "reference", "Keras", "SavedModel", ".tflite")
    columns = (Column(name, overflow="fold") for name in names)
    table = Table(*columns, title="The same sentences from three artefacts", show_lines=True)
    for row in rows:
        table.add_row(*row)
    table.add_row("size", "", *(f"{size / 1e6:.2f} MB" for size in summary["bytes"].values()))
    speeds = summary["milliseconds"].values()
    table.add_row("one sentence", "", *(f"{speed:.1f} ms" for speed in speeds))
    out.print(table)
    bleu, chrf, equal = (f"{summary[name]:.1f}" for name in ("bleu", "chrf", "exact_match"))
    scores = f"BLEU {bleu}, chrF {chrf}, exact match {equal} %"
    out.print(f"{test}: {scores}", highlight=False, markup=False)
