"""`keras-seq2seq generate` and `keras-seq2seq score`."""

import contextlib
import functools
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keras_seq2seq.cli.arguments import (
    BatchSize,
    Columns,
    Ensemble,
    ModelArgument,
)
from keras_seq2seq.cli.generating.results_file import ResultsFile, fingerprint_of
from keras_seq2seq.cli.search_flags import with_search_flags
from keras_seq2seq.cli.terminal import as_json as json_line
from keras_seq2seq.cli.terminal import err, progress_of, results_stay, say
from keras_seq2seq.data.line_stream import LineStream
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score
from keras_seq2seq.version import __version__

if TYPE_CHECKING:
    from keras_seq2seq.export import Artefact

_WINDOW = 2048  # lines that are read before they are answered; sorted by length among themselves
_OF_TEXT = ("prefix", "banned", "long_sources", "replace_unknown")


@with_search_flags
@results_stay()
def run(
    model: ModelArgument,
    file: Annotated[
        str, typer.Argument(help="Text, one source a line; - is standard input.")
    ] = "-",
    prefix: Annotated[str | None, typer.Option(help="How every result begins.")] = None,
    banned: Annotated[
        list[str] | None,
        typer.Option("--banned", "--ban", help="What must not occur, as often as you like."),
    ] = None,
    long_sources: Annotated[
        str | None, typer.Option(help="truncate, split (into sentences) or error.")
    ] = None,
    replace_unknown: Annotated[
        bool | None, typer.Option("--replace-unknown", help="Copy source words for unknown ones.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="File for the results in the place of standard output. Broken off, the same "
            "command goes on where it was."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what --output holds.")
    ] = False,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    scores: Annotated[bool, typer.Option(help="Put log-probability and TAB before each.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: tokens, scores, attention, ...")
    ] = False,
    **search: Any,
) -> None:
    """Translates lines of text to standard output, or to a file."""
    if overwrite and output is None:
        raise ValueError("--overwrite is about --output FILE.")
    of_text = dict(zip(_OF_TEXT, (prefix, banned, long_sources, replace_unknown), strict=True))
    options = search | {name: value for name, value in of_text.items() if value is not None}
    window = max(_WINDOW, 8 * batch_size)
    if file == "-" and sys.stdin is None:
        raise ValueError("There is no standard input: name a file of text.")
    if file == "-":
        stream = LineStream(sys.stdin.buffer, "standard input", window)
    else:
        stream = LineStream.open(file, window)
    windows = iter(stream)
    if stream.is_there():  # what is wrong with it is told before TensorFlow is loaded
        windows = itertools.chain([next(windows)], windows)
    with contextlib.ExitStack() as stack:
        results = None
        if output is not None:
            shown = {"scores": scores, "json": as_json}
            facts = {"options": {**options, **shown}, "version": __version__}
            facts["model"] = list(map(fingerprint_of, [model, *(ensemble or [])]))
            results = stack.enter_context(ResultsFile(output, facts, overwrite))
            if results.done:
                say(f"{output} has results of {results.done:,} lines; it goes on behind them.")
            windows = results.still_to_do(windows)
        translate = _translator(model, ensemble, batch_size, as_json, options)
        if file == "-" and sys.stdin.isatty():
            err.print("One sentence a line; end with Ctrl-D.")
        done = results.done if results else 0
        progress = stack.enter_context(progress_of("translating"))
        for lines in windows:
            told = functools.partial(progress, before=done)
            found = _shown(*translate(lines, told, stream.origin, done), scores, as_json)
            if results is None:
                _write(found)
            else:
                results.write(lines, "".join(f"{line}\n" for line in found))
            done += len(lines)


def _translator(
    model: Path, others: list[Path] | None, batch_size: int, as_json: bool, options: dict[str, Any]
) -> Callable[..., tuple[list, list]]:
    """A function from lines to results and scores, each a list for every line."""
    artefact = open_models(model, others)
    from keras_seq2seq.text_models.long_source_error import LongSourceError

    is_one = options.get("num_return", 1) == 1
    of_keras = set(_OF_TEXT) & options.keys()
    of_keras |= ({"json"} if as_json else set()) | (set() if is_one else {"num_return"})
    if of_keras and artefact.kind != "keras":
        names = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(of_keras))
        raise ValueError(f"{names}: for a run or .keras file, but {model} is a {artefact.kind}.")

    of_any: Any = artefact  # a KerasArtefact is not named here: it would import Keras

    def translate(
        lines: list[str], progress: Callable[[int], None], origin: str, before: int
    ) -> tuple[list, list]:
        if artefact.kind == "keras":
            asked = {"return_details": as_json, "progress": progress, **options}
            try:
                results, scores = of_any.model.generate(lines, batch_size, True, **asked)
            except LongSourceError as error:
                line = f"{origin}, line {before + error.number}"
                raise ValueError(f"{line}: the source {error.problem}") from None
        else:
            results, scores, _ = artefact.generate(lines, batch_size, progress, **options)
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


def _write(lines: Iterable[str]) -> None:
    """Writes lines to standard output, all of them at once: an interruption tears none."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


@results_stay()
def score(
    model: ModelArgument,
    corpus: Annotated[str, typer.Argument(help="Pairs whose targets are judged.")],
    columns: Columns = None,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the score of each token.")
    ] = False,
) -> None:
    """Prints how probable the targets of a corpus are: log-probability, that a token, the pair.

    A line has the natural log-probability of the target, that per token, source and target; or it
    is a JSON object with the score of every token. The perplexity of all goes to standard error.
    """
    scored = pairs_to_score([model, *(ensemble or [])], corpus, columns)
    pairs = scored.pairs
    artefact = open_models(model, ensemble)
    from keras_seq2seq.export.keras_artefact import KerasArtefact

    if artefact.kind != "keras" and as_json:
        raise ValueError(f"--json: for a run or .keras file, but {model} is a {artefact.kind}.")
    for note in scored.notes:
        say(note)
    texts, found = (list(pairs.sources), list(pairs.targets)), []
    with progress_of("scoring", len(pairs)) as progress:
        if isinstance(artefact, KerasArtefact):
            found = artefact.model.score(*texts, batch_size, return_details=True, progress=progress)
            scores = [one.score for one in found]
        else:
            scores = artefact.score(*texts, batch_size, progress)
    _write(_judged(*texts, scores, found, as_json))
    if found:
        count = sum(len(one.tokens) for one in found)
        mean = -sum(scores) / count
        figures = f"{mean:.4f} nats a token, perplexity {math.exp(min(mean, 700)):.2f}"
        say(f"{len(pairs):,} pairs, {count:,} tokens, {figures}")


def _judged(
    sources: list[str], targets: list[str], scores: list[float], found: list, as_json: bool
) -> Iterator[str]:
    """The score of each pair, as a line of output; `found` has details or nothing."""
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if as_json:
            yield json_line({"source": source, **found[i].to_dict()})
            continue
        mean = f"{scores[i] / len(found[i].tokens):.4f}\t" if found else ""
        yield f"{scores[i]:.4f}\t{mean}{source}\t{target}"
