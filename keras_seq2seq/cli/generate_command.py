"""`keras-seq2seq generate` and `keras-seq2seq score`."""

import collections
import contextlib
import itertools
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_seq2seq.cli.arguments import (
    BatchSize,
    Columns,
    Ensemble,
    ModelArgument,
)
from keras_seq2seq.cli.generating.processes import choose_processes
from keras_seq2seq.cli.generating.results_file import ResultsFile, fingerprint_of
from keras_seq2seq.cli.generating.translation import (
    OF_TEXT,
    Translation,
    make_translator,
    open_models,
)
from keras_seq2seq.cli.search_flags import with_search_flags
from keras_seq2seq.cli.terminal import as_json as json_line
from keras_seq2seq.cli.terminal import err, progress_of, results_stay, say
from keras_seq2seq.data.line_stream import LineStream
from keras_seq2seq.process_pool import ProcessPool, core_count
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score
from keras_seq2seq.version import __version__

_WINDOW = 2048  # lines that are read before they are answered; sorted by length among themselves


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
    processes: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many translate windows of lines at the same time, on CPUs, with the same "
            "results; each loads the model (0.8 GB with TensorFlow, 0.1 GB for a .tflite file). "
            "By default one for each core where a file is worth it, at most 8.",
        ),
    ] = None,
    scores: Annotated[bool, typer.Option(help="Put log-probability and TAB before each.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: tokens, scores, attention, ...")
    ] = False,
    **search: Any,
) -> None:
    """Translates lines of text to standard output, or to a file."""
    if overwrite and output is None:
        raise ValueError("--overwrite is about --output FILE.")
    of_text = dict(zip(OF_TEXT, (prefix, banned, long_sources, replace_unknown), strict=True))
    options = search | {name: value for name, value in of_text.items() if value is not None}
    window = max(_WINDOW, 8 * batch_size)
    if file == "-" and sys.stdin is None:
        raise ValueError("There is no standard input: name a file of text.")
    if file == "-":
        stream = LineStream(sys.stdin.buffer, "standard input", window)
    else:
        stream = LineStream.open(file, window)
    if output is not None and stream.reads(output):
        raise ValueError(
            f"--output {output} is the text itself, which would be lost: name another file."
        )
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
            stack.enter_context(_broken_off(results))
        if processes is None:
            processes = choose_processes(stream.text_bytes())
        asked = Translation(
            model, ensemble or [], batch_size, scores, as_json, options, stream.origin
        )
        done = results.done if results else 0
        bar = progress_of("translating", stream.line_count(), printing=results is None)
        progress = stack.enter_context(bar)
        pool = stack.enter_context(_pool(processes, asked, progress))
        if file == "-" and sys.stdin.isatty():
            err.print("One sentence a line; end with Ctrl-D.")
        for lines, text in _translated(pool, windows, done):
            done += len(lines)
            progress(done)
            if results is None:
                sys.stdout.write(text)  # all at once: an interruption tears none
                sys.stdout.flush()
            else:
                results.write(lines, text)


@contextlib.contextmanager
def _broken_off(results: ResultsFile) -> Iterator[None]:
    """Says at Ctrl-C what there is and how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        if results.done:
            has = f"Broken off: {results.path} has results of {results.done:,} lines"
            say(f"{has}. The same command goes on behind them.")
        raise


def _pool(processes: int, asked: Translation, progress: Any) -> ProcessPool:
    """What translates windows: this process, or others that share the cores."""
    if processes == 1:
        return ProcessPool(0, make_translator, asked, progress)
    threads = max(1, core_count() // processes)
    return ProcessPool(processes, make_translator, asked, threads=threads)


def _translated(
    pool: ProcessPool, windows: Iterable[list[str]], done: int
) -> Iterator[tuple[list[str], str]]:
    """Windows of lines, and the lines of output that answer each."""
    asked: collections.deque[list[str]] = collections.deque()

    def counted() -> Iterator[tuple[int, list[str]]]:
        before = done
        for lines in windows:
            asked.append(lines)
            yield before, lines
            before += len(lines)

    for text in pool.map(counted()):
        yield asked.popleft(), text


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
