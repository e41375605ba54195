"""What a run finds in its directory: whether it is still what it wrote, and the best model."""

import json
from typing import Any

from keras_seq2seq.file_hashes import check_files, known_hashes, sha256_of
from keras_seq2seq.text import Tokenizer
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.callbacks.best_model import BestModel
from keras_seq2seq.training.errors import CheckpointError, TrainingError
from keras_seq2seq.training.messages import Say
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.run_directory import RunDirectory


def hashes_of_own_files(run: RunDirectory) -> dict[str, str]:
    """SHA-256 of what a run began with, by names, for every checkpoint; vocabularies written down.

    Those of `initial_model.keras` and `model.keras` are written down as they are written.
    """
    paths = [run.source_vocabulary, run.target_vocabulary]
    for path in paths:
        run.expect(path.name, path)
    paths += [run.initial_model] if run.initial_model.exists() else []
    return {path.name: sha256_of(path) for path in paths}


def write_vocabularies(
    run: RunDirectory, tokenizers: tuple[Tokenizer, Tokenizer], start: Checkpoint | None
) -> None:
    """Writes those of a run; one that goes on must have begun with the same.

    Raises:
        TrainingError: it began with others.
    """
    known = {} if start is None else start.state.get("files", {})
    paths = (run.source_vocabulary, run.target_vocabulary)
    for path, tokenizer in zip(paths, tokenizers, strict=True):
        state = {**tokenizer.vocabulary_state(), "tokens": tokenizer.tokens()}
        with run.replacing(path.name) as temporary:
            temporary.write_text(json.dumps(state, ensure_ascii=False, indent=1) + "\n", "utf-8")
            if sha256_of(temporary) != known.get(path.name, sha256_of(temporary)):
                raise TrainingError(
                    f"The vocabulary that would become {path} is not the one that the run began "
                    "with, as its SHA-256 tells: ids would stand for other tokens. Put the file "
                    "back as it was, or start a new run."
                )


def check_own_files(run: RunDirectory, start: Checkpoint) -> None:
    """Makes sure that vocabularies and models are those of the run that a checkpoint is of.

    Those of earlier versions wrote no hashes down, and nothing is checked.

    Raises:
        TrainingError: a file was edited, or is that of another run.
    """
    facts: dict[str, Any] = start.state.get("files", {})
    if not facts:
        return
    known = {name: [text] for name, text in facts.items()}
    best = start.state["callbacks"].get("BestModel/0", {}).get("sha256")
    # The model may be younger than the last checkpoint: it is written just before.
    models = {best, *known_hashes(run.path).get(run.model.name, [])} - {None}
    try:
        check_files(run.path, known)
        check_files(run.path, {run.model.name: sorted(models)} if models else {})
    except ValueError as error:
        raise TrainingError(
            f"{error} Without it the run cannot go on; one that is removed is made anew, if it "
            "comes out the same."
        ) from error


def bring_back_best_model(
    store: CheckpointStore, start: Checkpoint, model: TextSeq2Seq, best: BestModel, say: Say
) -> None:
    """Writes `model.keras` anew where it was removed, from the checkpoint of the best epoch.

    Raises:
        TrainingError: that one is gone, too.
    """
    epoch = start.state["best_epoch"]
    if epoch is None or best.run.model.exists():
        return
    try:
        arrays = store.read((epoch, 0)).arrays
    except (CheckpointError, OSError) as error:
        raise TrainingError(
            f"{best.run.model} is missing, and the checkpoint of its epoch {epoch} cannot be "
            f"read: {error}. Put the file back, or start a new run."
        ) from error
    for number, variable in enumerate(model.variables):
        variable.assign(arrays[f"model/{number}"])
    best.write(model)
    say(f"{best.run.model} was missing: it is made anew from the checkpoint of epoch {epoch}.")
