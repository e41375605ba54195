"""Writes a directory that TensorFlow Serving is started in."""

import json
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from keras_seq2seq.atomic_file import FilePath, remove_leftovers, replacing
from keras_seq2seq.export.artefact import disk_size
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.kit import server_files
from keras_seq2seq.export.kit.card_text import card_text
from keras_seq2seq.export.kit.kit_readme import kit_readme
from keras_seq2seq.export.kit.model_card import model_card
from keras_seq2seq.export.kit.own_files import write_own
from keras_seq2seq.export.kit.run_facts import run_facts, scores_of
from keras_seq2seq.export.manifest import BATCHING_OF_VERSION
from keras_seq2seq.export.saved_model import saved_model
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.export.version_names import is_version_name
from keras_seq2seq.export.workplace import locked
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

CARD = pathlib.Path("assets.extra", "model_card.json")
CARD_TEXT = pathlib.Path("assets.extra", "MODEL_CARD.md")
_FIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")  # for a URL, a metric and a host


class ServingKit(NamedTuple):
    """What `serving_kit` wrote.

    Attributes:
        version: The directory of the model's new version.
        kept: Files that were left as somebody had edited them.

    Example:

    ```python
    version, kept = keras_seq2seq.export.serving_kit(model, "serving", name="ko-en")
    ```
    """

    version: pathlib.Path
    kept: list[pathlib.Path]


def serving_kit(
    model: TextSeq2Seq,
    directory: FilePath,
    *,
    name: str | None = None,
    run: FilePath | None = None,
    license: str | None = None,
    sample: Sequence[str] | None = None,
    references: Sequence[str] = (),
    scores: Mapping[str, Any] | None = None,
    **options: Any,
) -> ServingKit:
    """Adds a version of a model to a directory that TensorFlow Serving is started in.

    ```
    compose.yaml                   starts the server: docker compose up
    config/models.config           which models it serves
    config/batching.config         threads for batches
    config/monitoring.config       metrics
    config/healthy.sh              whether it can answer
    README.md                      how to start it, ask, roll out, roll back
    models/<name>/<version>/       a SavedModel, as `saved_model` writes it, and in it:
        batching_params.pbtxt      how its requests are joined, and how large one may be
        assets.extra/MODEL_CARD.md, model_card.json
    ```

    The first call makes the directory; a later one adds a version, which a running server finds,
    or another model. A file that somebody has edited stays as it is. A version is there whole or
    not at all, and `models.config` names a model only when it has one.

    Args:
        model: What to serve.
        directory: Made if missing.
        name: What the model is called in requests; by default like the directory of its run.
        run: The directory of its run, for the model card; without it the card says what is unknown.
        license: What its users may do, for the card.
        sample: Sources to compare model and artefact on; the first five are the card's examples.
        references: What they should become, for the card.
        scores: What `keras-seq2seq evaluate --json` printed, for the card.
        **options: Of `saved_model`.

    Returns:
        The version, and the files that were left as somebody had edited them.

    Raises:
        ExportError: The artefact does not do what the model does, a name is not fit for a URL, or
            a file cannot be read or written.

    Example:

    ```python
    kit = keras_seq2seq.export.serving_kit(model, "serving", name="ko-en")
    kit.version  # serving/models/ko-en/1
    ```
    """
    base, run = pathlib.Path(directory), None if run is None else pathlib.Path(run)
    name = fit_name(name, run)
    facts = run_facts(run)
    if scores is not None:
        facts["scores"] = [scores_of(dict(scores))]
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file; a serving kit needs a directory.")

    def finish(artefact: SavedModelArtefact) -> None:
        path = pathlib.Path(artefact.path)
        if "encode" not in artefact.signatures:  # requests of single steps cannot be joined
            (path / BATCHING_OF_VERSION).write_text(server_files.BATCHING_OF_VERSION, "utf-8")
        card = model_card(model, artefact, name, license, facts, sample or (), references)
        (path / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (path / CARD_TEXT).write_text(card_text(card), "utf-8")

    version = saved_model(model, base / "models" / name, sample, finish=finish, **options)
    return ServingKit(version, write_server_files(base))


def write_server_files(base: pathlib.Path) -> list[pathlib.Path]:
    """Writes what a server of all models in a kit is told; returns the files that were kept.

    Raises:
        ExportError: They cannot be written, or read.
    """
    try:
        (base / "config").mkdir(exist_ok=True)
        with locked(base):
            for place in (base, base / "config"):
                remove_leftovers(place)
            largest = _largest_versions(base / "models")
            memory = server_files.memory_limit([*largest.values()])
            texts = {
                "config/batching.config": server_files.BATCHING,
                "config/monitoring.config": server_files.MONITORING,
                "config/healthy.sh": server_files.HEALTHY,
                "compose.yaml": server_files.compose(memory),
                "README.md": kit_readme([*largest]),
            }
            kept = [base / path for path, text in texts.items() if not write_own(base / path, text)]
            models = base / "config/models.config"  # last: what it names is there
            return kept if _write_models(models, [*largest]) else [*kept, models]
    except OSError as error:
        raise ExportError(f"{base} cannot be written: {first_line(error)}.") from error


def fit_name(name: str | None, run: pathlib.Path | None) -> str:
    """A model's name as URLs have it; by default that of its run."""
    if name is None:
        found = re.sub(r"[^A-Za-z0-9_.-]+", "-", run.absolute().name if run else "").strip("-_.")
        return found[:63] or "model"
    if not _FIT.fullmatch(name):
        raise ExportError(
            f"The name {name!r} is not fit for a URL: expected letters of English, digits, '-', "
            "'_' and '.', at most 63, the first a letter or a digit."
        )
    return name


def _largest_versions(models: pathlib.Path) -> dict[str, int]:
    """Bytes of the largest version of each model that has one."""
    found = {}
    for model in sorted(filter(pathlib.Path.is_dir, models.iterdir())):
        versions = [path for path in model.iterdir() if is_version_name(path.name)]
        if versions and _FIT.fullmatch(model.name):
            found[model.name] = max(map(disk_size, versions))
    return found


def _write_models(path: pathlib.Path, names: Sequence[str]) -> bool:
    """Writes `models.config`; what was edited gets only the entries that are missing."""
    if write_own(path, server_files.models_config(names)):
        return True
    text = path.read_text("utf-8")
    known = re.findall(r'^\s*name:\s*"([^"]*)"', text, re.MULTILINE)
    missing = [name for name in names if name not in known]
    if not missing:
        return False
    entries = "".join(map(server_files.model_entry, missing))
    whole, count = re.subn(r"\}\s*\Z", lambda _: f"{entries}}}\n", text)
    if not count:
        raise ExportError(f"{path} does not end in }}, so add to it by hand:\n{entries}")
    with replacing(path) as temporary:
        temporary.write_text(whole, "utf-8")
    return False
