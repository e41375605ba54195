"""The pairs that a model is scored on, where a run knows what the user did not say."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_seq2seq.data.cache.reporting import Reporting
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_spec import PHRASEBOOK, corpus_kind
from keras_seq2seq.data.parallel_text import parse_columns, read_pairs
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.file_hashes import known_hashes, sha256_of
from keras_seq2seq.training.configuration.config import DataConfig
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.runs.fingerprint import data_fingerprint

_WITHIN = 2  # levels below a run where its artefacts lie: saved_model/1
_DEFAULT_COLUMNS = "1,2"
_SAY = "Name the pairs to score: --test FILE."


@dataclasses.dataclass(frozen=True)
class ScoredPairs:
    """Pairs to score models on, and where they come from.

    Attributes:
        pairs: All of the corpus, in its order.
        test: What they are called.
        columns: Those of source and target.
        chose_best_epoch: Whether the run was validated on them.
        notes: What the user did not say and shall know, a line each.
    """

    pairs: SentencePairs
    test: str
    columns: str
    chose_best_epoch: bool
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """What a file of scores says of them."""
        names = ("test", "columns", "chose_best_epoch")
        return {name: getattr(self, name) for name in names}


def run_of(model: Path) -> RunDirectory | None:
    """The run that a model belongs to: a run directory itself, or what lies in one.

    A `.keras` file that was put into one is a stranger there: the run knows those it wrote.
    """
    for path in (model, *model.parents[:_WITHIN]):
        if (run := RunDirectory(path)).is_run:
            return run if _is_own(model, run) else None
    return None


def _is_own(model: Path, run: RunDirectory) -> bool:
    if model.suffix != ".keras" or model == run.model or not model.is_file():
        return True
    known = known_hashes(run.path).values()  # none in runs of earlier versions
    return not known or any(sha256_of(model) in hashes for hashes in known)


def pairs_to_score(
    models: Sequence[Path], test: str | None = None, columns: str | None = None
) -> ScoredPairs:
    """The pairs to score models on.

    What is not said is taken from the run that the models belong to: the columns; and the pairs,
    which are `phrasebook:test` for a run on the phrasebook, else those it was validated on.

    Args:
        models: One or more.
        test: A corpus, or None.
        columns: Columns of the corpus, or None.

    Raises:
        CorpusError: the corpus cannot be read, or all references are blank.
        ValueError: no run says what was not said, or several contradict each other; or the pairs
            that a run was validated on have changed since.
    """
    notes: list[str] = []
    if test is None:
        return _pairs_of_runs(models, columns)
    if columns is None:
        columns = columns_of(models, test, notes)
    pairs = read_pairs(test, parse_columns(columns), drop_duplicates=False, drop_empty=False)
    return ScoredPairs(pairs, test, columns, False, notes + _of_blanks(pairs, columns))


def _of_blanks(pairs: SentencePairs, columns: str) -> list[str]:
    """A line about blank references; raises where there is no other."""
    blank = [n for n, text in enumerate(pairs.targets, start=1) if not text.strip()]
    if len(blank) == len(pairs):
        raise CorpusError(
            f"{pairs.origin}: all of {len(blank):,} references are blank. Look at the columns: "
            f"{columns} are source and target."
        )
    first = ", ".join(map(str, blank[:3])) + (", ..." if len(blank) > 3 else "")
    return [
        f"warning: {len(blank):,} of {len(pairs):,} references of {pairs.origin} are blank (line "
        f"{first}). They never count as matched: take those lines out."
    ] * bool(blank)


def columns_of(models: Sequence[Path], test: str, notes: list[str]) -> str:
    """The columns that runs read, where the corpus is of the kind that they read.

    Args:
        models: Those of the runs; the default columns if they belong to none.
        test: The corpus.
        notes: Gets a line that says which columns.

    Raises:
        ValueError: the runs differ, or read a corpus of another kind.
    """
    found: dict[str, RunDirectory] = {}
    for run in filter(None, map(run_of, models)):
        found.setdefault(_data(run).columns, run)
    if len(found) > 1:
        said = " and ".join(f"{columns} ({run.path})" for columns, run in found.items())
        raise ValueError(f"The runs read different columns: {said}. Say --columns for {test}.")
    for columns, run in found.items():
        data = _data(run)
        kinds = {corpus_kind(data.train)}
        if not data.holds_out:
            kinds.add(corpus_kind(data.valid_corpus))
        if corpus_kind(test) not in kinds and columns != _DEFAULT_COLUMNS:
            raise ValueError(
                f"{run.path} reads columns {columns} of {data.train}, but {test} is "
                f"{corpus_kind(test)}: say --columns 1,2 or --columns 2,1 for it."
            )
        notes.append(f"Source and target are columns {columns} of {test}, as in {run.path}.")
        return columns
    notes.append(f"Source and target are columns {_DEFAULT_COLUMNS} of {test}.")
    return _DEFAULT_COLUMNS


def _pairs_of_runs(models: Sequence[Path], columns: str | None) -> ScoredPairs:
    if not models:
        raise ValueError(f"Files of translations know no pairs to score them on. {_SAY}")
    runs = {str(model): run_of(model) for model in models}
    for model, run in runs.items():
        if run is None:
            within = [str(file.parent) for file in sorted(Path(model).glob("*/model.keras"))[:5]]
            hint = f" There are runs in it: {', '.join(within)}." if within else ""
            raise ValueError(
                f"{model} belongs to no run that knows pairs to score it on.{hint} {_SAY}"
            )
    found = [_pairs_of_run(run, columns) for run in runs.values() if run is not None]
    if any(list(other.pairs) != list(found[0].pairs) for other in found):
        named = ", ".join(f"{model} on {f.test}" for model, f in zip(runs, found, strict=True))
        raise ValueError(f"The runs were not validated on the same pairs ({named}). {_SAY}")
    return found[0]


def _pairs_of_run(run: RunDirectory, columns: str | None) -> ScoredPairs:
    data, known = _data(run), _fingerprints(run)
    if columns not in (None, data.columns) and not data.trains_on_phrasebook:
        raise ValueError(f"{run.path} reads columns {data.columns}, not {columns}. {_SAY}")
    if known.get("train", {}).get("origin", data.train) != data.train:
        origin = known["train"]["origin"]
        raise ValueError(f"{run.path} learnt from pairs that it was given ({origin}). {_SAY}")
    if data.trains_on_phrasebook:
        test, columns = f"{PHRASEBOOK}:test", columns or data.columns
        pairs = read_pairs(test, parse_columns(columns), drop_duplicates=False, drop_empty=False)
        return ScoredPairs(pairs, test, columns, False, [f"No --test: {test} is scored."])
    pairs = _validated_on(run, data, known)
    kind = "it held out" if data.holds_out else "it was validated on"
    note = (
        f"No --test: the {len(pairs):,} pairs that {kind} are scored, {pairs.origin}, columns "
        f"{data.columns}. They chose its best epoch, so that new text may score a little less."
    )
    return ScoredPairs(pairs, pairs.origin, data.columns, True, [f"{run.path}: {note}"])


def validation_pairs(model: Path) -> SentencePairs:
    """The pairs that the run of a model was validated on, whatever it is scored on.

    Raises:
        CorpusError: they cannot be read.
        ValueError: the model belongs to no run, or they have changed since.
    """
    run = run_of(model)
    if run is None:
        raise ValueError(f"{model} belongs to no run that knows pairs it was validated on.")
    known = _fingerprints(run)
    if known.get("train", {}).get("origin", _data(run).train) != _data(run).train:
        raise ValueError(f"{run.path} was validated on pairs that it was given, in no file.")
    return _validated_on(run, _data(run), known)


def _validated_on(run: RunDirectory, data: DataConfig, known: dict[str, Any]) -> SentencePairs:
    from keras_seq2seq.training.runs.large_pairs import scan_large  # it loads NumPy

    pairs = scan_large(data.read(), data, run, Reporting())[1]
    now, then = data_fingerprint(pairs), known.get("valid", {})
    if now["sha256"] != then.get("sha256"):
        what = "the pairs it held out" if data.holds_out else "the pairs it was validated on"
        raise ValueError(
            f"{data.train if data.holds_out else data.valid} has changed since {run.path} began: "
            f"{what} cannot be told from those it learnt ({then.get('pairs', 0):,} pairs with "
            f"SHA-256 {str(then.get('sha256'))[:12]} then, {now['pairs']:,} with "
            f"{now['sha256'][:12]} now). Bring the old file back, or name other pairs: --test FILE."
        )
    return pairs


def learnt_pairs(run: RunDirectory) -> SentencePairs | None:
    """The pairs that a run learnt from; None where they are not what they were."""
    try:
        pairs = _data(run).read_train()
    except CorpusError:
        return None
    same = data_fingerprint(pairs)["sha256"] == _fingerprints(run).get("train", {}).get("sha256")
    return pairs if same else None


def learnt_sample(run: RunDirectory) -> SentencePairs | None:
    """`learnt_pairs`, or some of them by chance where they stay on disk."""
    if not _stays_on_disk(run):
        return learnt_pairs(run)
    scanned = _learnt_corpus(run)
    return None if scanned is None else scanned.sample


def learnt_overlap(
    run: RunDirectory, other: SentencePairs, tokenizers: Sequence[Any]
) -> dict[str, int] | None:
    """How many of other pairs, and of their sources, a run learnt; `None` if that is not known.

    Where they stay on disk, their hashes tell it, if they lie in the cache.

    Args:
        run: The run.
        other: Pairs to score it on.
        tokenizers: Those of its model, of sources and targets.
    """
    if not _stays_on_disk(run):
        from keras_seq2seq.data.quality.judgement import overlap

        learnt = learnt_pairs(run)
        return None if learnt is None else overlap(learnt, other, *tokenizers)
    from keras_seq2seq.data.cache.cache_pairs import known_pairs

    scanned = _learnt_corpus(run)
    if scanned is None or not all(hasattr(t, "vocabulary_state") for t in tokenizers):
        return None
    cached = known_pairs(scanned, *tokenizers, **_data(run).limits)
    return None if cached is None else cached.overlap(other)


def _stays_on_disk(run: RunDirectory) -> bool:
    try:
        return _data(run).stays_on_disk
    except CorpusError:  # it is gone: nobody knows what was learnt, wherever it was
        return False


def _learnt_corpus(run: RunDirectory) -> Any:
    """The `ScannedCorpus` that a run learnt from; `None` where it is not what it was."""
    from keras_seq2seq.training.runs.large_pairs import scan_large  # it loads NumPy

    data = _data(run)
    try:
        scanned, _ = scan_large(data.read(), data, run, Reporting())
    except CorpusError:
        return None
    known = _fingerprints(run).get("train", {}).get("sha256")
    return scanned if data_fingerprint(scanned)["sha256"] == known else None


def _data(run: RunDirectory) -> DataConfig:
    return load_config(run.config).data


def _fingerprints(run: RunDirectory) -> dict[str, Any]:
    try:
        found = json.loads(run.data_fingerprint.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
