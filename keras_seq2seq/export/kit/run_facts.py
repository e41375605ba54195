"""What a run directory tells of its model."""

import json
import pathlib
import re
import tomllib
from typing import Any

from keras_seq2seq.export.export_error import ExportError

# Key of the card, the file it comes from, and how a run comes by it.
_FILES = {
    "configuration": "config.toml",
    "data": "data_report.json",
    "fingerprints": "data_fingerprint.json",
    "versions": "versions.json",
    "training": "training_summary.json",
    "scores": "summary.json",
}
_SCORES = ("test", "bleu", "chrf", "ter", "exact_match", "sentences")


def run_facts(run: pathlib.Path | None) -> dict[str, Any]:
    """Reads the files of a run, those that are there; none where there is no run.

    Of absolute paths the directories are left out: the card goes to other people.

    Raises:
        ExportError: A file is broken, or `run` is no run directory.
    """
    if run is None:
        return {}
    if not (run / _FILES["configuration"]).is_file():
        raise ExportError(f"{run} is no run directory: there is no config.toml in it.")
    files = {key: run / name for key, name in _FILES.items() if (run / name).is_file()}
    found: dict[str, Any] = {key: _without_places(_read(file)) for key, file in files.items()}
    if "scores" in found:
        found["scores"] = [scores_of(found["scores"])]
    return found


def scores_of(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Scores and their signatures, of what `evaluate --json` printed or `quickstart` wrote.

    Raises:
        ExportError: It holds none.
    """
    names = [*_SCORES, *(name for name in evaluation if name.endswith("_signature"))]
    found = {name: evaluation[name] for name in names if evaluation.get(name) is not None}
    if not isinstance(found.get("bleu"), (int, float)):
        raise ExportError(
            "There is no number `bleu` in the scores: expected what `keras-seq2seq evaluate "
            "--json` prints."
        )
    return found


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_places(entry) for entry in value]
    return re.sub(r"(^|,)/(?:[^,/]*/)*", r"\1", value) if isinstance(value, str) else value


def _read(path: pathlib.Path) -> dict[str, Any]:
    parse = tomllib.loads if path.suffix == ".toml" else json.loads
    try:
        found: Any = parse(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ExportError(
            f"{path} cannot be read ({error}): bring it back, or remove it."
        ) from None
    if not isinstance(found, dict):
        raise ExportError(f"{path} holds no table of facts: bring it back, or remove it.")
    return found
