"""`keras-seq2seq quickstart`: the whole way, from corpus to three artefacts that agree."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from keras_seq2seq.cli.evaluate_command import score
from keras_seq2seq.cli.terminal import err, out
from keras_seq2seq.cli.train_command import open_run, train
from keras_seq2seq.training.configuration.config_file import load_config

SENTENCES = 5  # shown
COMPARED = 200
HOME = Path("runs/quickstart")  # a second quickstart replaces the first


def run(run_dir: Path | None, overrides: Sequence[str], overwrite: bool) -> None:
    """Trains, scores, exports, compares, and writes `summary.json`."""
    start = time.monotonic()
    config = load_config("recipe:quickstart", overrides)
    with open_run(run_dir or HOME, overwrite or run_dir is None) as directory:
        train(config, directory)

    from keras_seq2seq import export
    from keras_seq2seq.data import parse_columns, read_pairs

    pairs = read_pairs(
        "phrasebook:test",
        parse_columns(config.data.columns),
        drop_duplicates=False,
        drop_empty=False,
    )
    artefacts = {"keras": export.open_artefact(directory.model)}
    scores = score(artefacts["keras"], pairs)
    with err.status("Exporting and comparing"):
        model = artefacts["keras"].model
        saved = export.saved_model(model, directory.path / "saved_model", pairs.sources[:64])
        tflite = export.tflite(model, directory.path / "model.tflite", sample=pairs.sources[:64])
    artefacts["saved_model"] = export.open_artefact(saved)
    artefacts["tflite"] = export.open_artefact(tflite)

    outputs = {
        name: artefact.generate(pairs.sources[:COMPARED]) for name, artefact in artefacts.items()
    }
    parity = all(output.texts == outputs["keras"].texts for output in outputs.values())
    sources, references = pairs.sources[:SENTENCES], pairs.targets[:SENTENCES]
    speeds = {name: _milliseconds(artefact, sources) for name, artefact in artefacts.items()}
    _show(sources, references, outputs, artefacts, speeds, scores)
    summary = {
        **{name: scores[name] for name in ("bleu", "chrf", "exact_match", "bleu_signature")},
        "seconds": round(time.monotonic() - start, 1),
        **{name: artefact.path for name, artefact in artefacts.items()},
        "parity": parity,
        "sample": sources[0],
        "translation": outputs["keras"].texts[0],
        "bytes": {name: artefact.size_bytes() for name, artefact in artefacts.items()},
        "milliseconds": speeds,
    }
    text = json.dumps(summary, ensure_ascii=False, indent=1) + "\n"
    print(directory.write_text("summary.json", text))


def _milliseconds(artefact, sources):
    """Median milliseconds of one sentence alone, after one warm round."""
    times = []
    for turn in range(4):
        for source in sources:
            start = time.perf_counter()
            artefact.generate([source], batch_size=1)
            if turn:
                times.append(1e3 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)


def _show(sources, references, outputs, artefacts, speeds, scores):
    titles = {"keras": "Keras", "saved_model": "SavedModel", "tflite": ".tflite"}
    table = Table(title="The same sentences from three artefacts", show_lines=True)
    for column in ("source", "reference", *titles.values()):
        table.add_column(column, overflow="fold")
    for row, source in enumerate(sources):
        table.add_row(source, references[row], *(outputs[name].texts[row] for name in titles))
    sizes = [f"{artefacts[name].size_bytes() / 1e6:.2f} MB" for name in titles]
    table.add_row("size", "", *sizes)
    table.add_row("one sentence", "", *(f"{speeds[name]:.1f} ms" for name in titles))
    out.print(table)
    out.print(
        f"Test split: BLEU {scores['bleu']:.1f}, chrF {scores['chrf']:.1f}, exact match "
        f"{scores['exact_match']:.1f} %",
        highlight=False,
    )
