"""Opens whatever a model was saved as."""

import pathlib

from keras_seq2seq.atomic_file import FilePath
from keras_seq2seq.export.artefact import Artefact
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.file_hashes import check_files


def open_artefact(path: FilePath, to_run: bool = True) -> Artefact:
    """Opens a run directory, a `.keras` file, a SavedModel directory or a `.tflite` file.

    Args:
        path: Where it lies.
        to_run: If false, it shall only be described: nothing of a SavedModel is run then.

    Raises:
        ExportError: There is nothing of the kind at `path`, it was damaged, or it asks for more
            than a model needs.

    Example:

    ```python
    open_artefact("runs/quickstart").generate(["안녕하세요."]).texts
    ```
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise ExportError(f"{path} does not exist.")
    if (path / "model.keras").is_file():
        try:
            check_files(path)
        except ValueError as error:
            raise ExportError(str(error)) from error
        return _of_keras(path / "model.keras")
    if path.is_dir():
        _refuse_runs(path)
        from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact

        return SavedModelArtefact(path, to_run)
    if path.suffix == ".keras":
        return _of_keras(path)
    if path.suffix == ".tflite":
        from keras_seq2seq.export.tflite_artefact import TFLiteArtefact

        return TFLiteArtefact(path)
    raise ExportError(
        f"{path} is no model: expected a run directory, a .keras file, a SavedModel directory or "
        "a .tflite file."
    )


def _of_keras(path: pathlib.Path) -> Artefact:
    from keras_seq2seq.export.keras_artefact import KerasArtefact

    return KerasArtefact(path)


def _refuse_runs(path: pathlib.Path) -> None:
    """Tells a run that has no model yet, and a directory of runs, from a SavedModel."""
    if (path / "saved_model.pb").is_file():
        return
    if (path / "config.toml").is_file():
        raise ExportError(
            f"{path} is a run without a model.keras: it has not come so far. `keras-seq2seq train "
            f"--resume {path}` goes on with it."
        )
    models = sorted(path.glob("*/model.keras"), key=lambda model: -model.stat().st_mtime)
    if models:
        names = [str(model.parent) for model in models[:5]]
        more = ", ..." if len(models) > 5 else ""
        raise ExportError(
            f"{path} is no model but holds {len(models)} of them. Name one, the newest first: "
            f"{', '.join(names)}{more}."
        )
