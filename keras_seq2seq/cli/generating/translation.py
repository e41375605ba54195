"""What `generate` does with a window of lines, be it in this process or in others."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_seq2seq.cli.terminal import as_json as json_line

if TYPE_CHECKING:
    from keras_seq2seq.export import Artefact

OF_TEXT = ("prefix", "banned", "long_sources", "replace_unknown")  # options of `generate`
Progress = Callable[..., None]


@dataclass(frozen=True)
class Translation:
    """How lines are translated and shown: plain data, which can be sent to other processes.

    Args:
        model: Path of the model.
        ensemble: Paths of those that it is decoded with.
        batch_size: How many sentences run at once.
        scores: Whether each result has its score before it.
        json: Whether results are objects of JSON.
        options: Those of the search, and of `OF_TEXT`, that were given.
        origin: What errors call the text.
    """

    model: Path
    ensemble: Sequence[Path]
    batch_size: int
    scores: bool
    json: bool
    options: dict[str, Any]
    origin: str


def make_translator(
    wanted: Translation, progress: Progress = lambda done, before=0: None
) -> Callable[[tuple[int, list[str]]], str]:
    """A function of how many lines came before, and of lines: their results as lines of output."""
    translate = _translator(wanted, open_models(wanted.model, wanted.ensemble))

    def translated(window: tuple[int, list[str]]) -> str:
        before, lines = window
        results, scores = translate(lines, functools.partial(progress, before=before), before)
        found = _shown(results, scores, wanted.scores, wanted.json)
        return "".join(f"{line}\n" for line in found)

    return translated


def _translator(wanted: Translation, artefact: "Artefact") -> Callable[..., tuple[list, list]]:
    """A function from lines to results and scores, each a list for every line."""
    from keras_seq2seq.text_models.long_source_error import LongSourceError

    options, as_json = wanted.options, wanted.json
    is_one = options.get("num_return", 1) == 1
    of_keras = set(OF_TEXT) & options.keys()
    of_keras |= ({"json"} if as_json else set()) | (set() if is_one else {"num_return"})
    if of_keras and artefact.kind != "keras":
        names = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(of_keras))
        raise ValueError(
            f"{names}: for a run or .keras file, but {wanted.model} is a {artefact.kind}."
        )

    of_any: Any = artefact  # a KerasArtefact is not named here: it would import Keras

    def translate(
        lines: list[str], progress: Callable[[int], None], before: int
    ) -> tuple[list, list]:
        if artefact.kind == "keras":
            asked = {"return_details": as_json, "progress": progress, **options}
            try:
                results, scores = of_any.model.generate(lines, wanted.batch_size, True, **asked)
            except LongSourceError as error:
                line = f"{wanted.origin}, line {before + error.number}"
                raise ValueError(f"{line}: the source {error.problem}") from None
        else:
            results, scores, _ = artefact.generate(lines, wanted.batch_size, progress, **options)
        return ([[x] for x in results], [[x] for x in scores]) if is_one else (results, scores)

    return translate


def open_models(model: Path, others: Sequence[Path] | None) -> "Artefact":
    """Opens an artefact; with others, an ensemble of all of them."""
    from keras_seq2seq.export import open_artefact

    if not others:
        return open_artefact(model)
    from keras_seq2seq.export.keras_artefact import KerasArtefact
    from keras_seq2seq.text_models import TextSeq2Seq

    models = []
    for artefact in map(open_artefact, [model, *others]):
        if not isinstance(artefact, KerasArtefact):
            raise ValueError(
                f"--ensemble takes runs and .keras files, but {artefact.path} is a {artefact.kind}."
            )
        models.append(artefact.model)
    return KerasArtefact(model=TextSeq2Seq.ensemble(models))


def _shown(results: list, scores: list, with_scores: bool, as_json: bool) -> Iterator[str]:
    """The results of each line, as lines of output."""
    for line, values in zip(results, scores, strict=True):
        if as_json:
            found = [result.to_dict() for result in line]
            yield json_line(found[0] if len(found) == 1 else found)
            continue
        for text, score in zip(line, values, strict=True):
            yield f"{score:.4f}\t{text}" if with_scores else text
