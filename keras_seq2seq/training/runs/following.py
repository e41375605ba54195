"""How the other workers begin a run as the chief has begun it."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text import Tokenizer
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.errors import TrainingError, WorkerGone
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.recovery.resume_command import resume_command
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.runs.fingerprint import data_fingerprint
from keras_seq2seq.training.runs.run_start import FREE, differences, read_tokenizer
from keras_seq2seq.training.workers.workers import Workers

_WHY = re.compile("aborted by|reported from|closed|reset|refused|timed? ?out", re.I)
_GONE = re.compile("unavailable|aborted|cancelled|deadline|connection|collective|gloo|peer", re.I)


def as_chief(
    workers: Workers, store: CheckpointStore, choose: Callable[[], Checkpoint | None]
) -> Checkpoint | None:
    """The checkpoint that the chief chooses and all workers start from; `None` for none.

    Raises:
        TrainingError: this worker does not see it.
    """
    chosen = choose() if workers.chief else None
    said = (-1, -1) if chosen is None else chosen.place
    epoch, batch = map(int, workers.agree(*said))
    if workers.chief or epoch < 0:
        return chosen
    for found in store.readable():
        if found.place == (epoch, batch):
            return found
    raise TrainingError(
        f"Worker {workers.index} finds no checkpoint of epoch {epoch + 1}, batch {batch + 1} in "
        f"{store.path}, from which the chief goes on. The run directory must lie on a disk that "
        "all workers share."
    )


def followed_tokenizers(
    workers: Workers, run: RunDirectory, learn: Callable[[], tuple[Tokenizer, Tokenizer]]
) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of the chief; the others read what it has written."""
    tokenizers = learn() if workers.chief else None
    workers.agree(0)  # the chief's files are there
    if tokenizers is not None:
        return tokenizers
    return read_tokenizer(run.source_vocabulary), read_tokenizer(run.target_vocabulary)


@contextlib.contextmanager
def all_workers_there(workers: Workers, run: RunDirectory, distribute: str) -> Iterator[None]:
    """Says in plain words that another worker is gone, as far as the backend tells.

    Raises:
        WorkerGone: one is.
    """
    try:
        yield
    except (tf.errors.OpError, RuntimeError) as error:  # RuntimeErrors are those of JAX
        lines = [type(error).__name__, *str(error).splitlines()]
        told = [line.strip() for line in lines if _GONE.search(line)]
        if workers.count == 1 or isinstance(error, TrainingError) or not told:
            raise
        why = next((line for line in lines if _WHY.search(line)), told[-1])
        why = re.sub(r"\{\{.*?\}\}", "", why).strip()
        raise WorkerGone(
            f"Worker {workers.index} of {workers.count} cannot go on, because another one is gone "
            f"or does not answer ({why[:300]}). Start all of them again; they go on from the "
            f"last checkpoint: {resume_command(run.path, distribute, workers.count)}"
        ) from error


def followed_facts(
    workers: Workers,
    run: RunDirectory,
    pairs: Sequence[SentencePairs],
    start: Checkpoint | None,
    config: RunConfig,
) -> dict[str, Any]:
    """What another worker knows of the beginning of a run.

    Raises:
        TrainingError: it does not see the chief's directory, has read other pairs, or is told to
            do other things with them.
    """
    try:
        known = json.loads(run.data_fingerprint.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"Worker {workers.index} cannot read {run.data_fingerprint}, which the chief has "
            f"written: {error}. The run directory must lie on a disk that all workers share."
        ) from error
    told = differences(load_config(run.config).to_dict(), config.to_dict())
    # Files may lie elsewhere for each, as long as the same is in them.
    free = {*FREE, "data.train", "data.valid"}
    if other := [f"{key} = {new!r} ({old!r})" for key, old, new in told if key not in free]:
        raise TrainingError(
            f"Worker {workers.index} is told otherwise than the chief: {', '.join(other)}. All "
            "workers need the same configuration."
        )
    for name, side in zip(("train", "valid"), pairs, strict=True):
        if (found := data_fingerprint(side))["sha256"] != known[name]["sha256"]:
            raise TrainingError(
                f"Worker {workers.index} has read other pairs of data.{name} than the chief: "
                f"{found['pairs']:,} from {found['origin']}, the chief {known[name]['pairs']:,}. "
                "All workers need the same files."
            )
    if start is None:
        return {"drops_alike": True}
    known = {"drops_alike": False, **start.state}
    return {name: known[name] for name in ("drops_alike", "planned_epochs") if name in known}
