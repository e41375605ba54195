"""`keras-seq2seq compare`."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from keras_seq2seq.cli.arguments import (
    AsJson,
    BatchSize,
    Columns,
    TestCorpus,
    Tokenize,
    check_language,
    existing,
)
from keras_seq2seq.cli.evaluate_command import TITLES, judge_scored, translate
from keras_seq2seq.cli.search_flags import with_search_flags
from keras_seq2seq.cli.terminal import err, out, print_json, say
from keras_seq2seq.data.text_lines import read_lines
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score

if TYPE_CHECKING:
    from keras_seq2seq.evaluation import PairedScore


@with_search_flags
def run(
    systems: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more: models, or files of translations, one a line. "
            "The first is the baseline.",
            callback=existing,
        ),
    ],
    test: TestCorpus = None,
    columns: Columns = None,
    tokenize: Tokenize = "13a",
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of the targets, as de: compare lower-cased, Moses-tokenised "
            "text instead.",
            callback=check_language,
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=40, help="Draws of the bootstrap.")] = 1000,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
    **search: Any,
) -> None:
    """Tells whether systems differ by more than chance: paired bootstrap of BLEU, chrF and TER."""
    if len(systems) < 2:
        raise ValueError("compare needs two systems or more: a baseline and what is held to it.")
    twice = {str(path) for path in systems if systems.count(path) > 1}
    if twice:
        raise ValueError(f"{sorted(twice)[0]} is named twice: a system is compared with others.")
    files = [p for p in systems if p.is_file() and p.suffix not in (".keras", ".tflite")]
    scored = pairs_to_score([p for p in systems if p not in files], test, columns)
    pairs = scored.pairs
    texts = _read_files(files, len(pairs))
    for note in scored.notes:
        say(note)
    from keras_seq2seq.evaluation import paired_bootstrap
    from keras_seq2seq.export import open_artefact

    for path in systems:
        if path not in texts:
            artefact = open_artefact(path)
            judge_scored(artefact, path, scored, f"{path}: ")
            texts[path] = translate(artefact, pairs.sources, batch_size, **search)
    ordered = {str(path): texts[path] for path in systems}
    with err.status("Drawing sentences and scoring them"):
        rows = paired_bootstrap(ordered, pairs.targets, tokenize, language, resamples)
    if as_json:
        facts = {**scored.to_dict(), "sentences": len(pairs), "resamples": resamples}
        return print_json({**facts, "scores": [dataclasses.asdict(row) for row in rows]})
    out.print(_table(rows, scored.test, len(pairs)))
    for signature in dict.fromkeys(row.signature for row in rows):
        out.print(signature, highlight=False, soft_wrap=True)


def _read_files(files: list[Path], count: int) -> dict[Path, list[str]]:
    """Translations that lie in files; read first, so that errors show at once."""
    texts = {path: read_lines(str(path), inner_cr=True) for path in files}
    for path, lines in texts.items():
        if len(lines) != count:
            raise ValueError(
                f"{path} has {len(lines):,} lines, but the corpus has {count:,} pairs: "
                "one translation a line is expected."
            )
    return texts


def _table(rows: list["PairedScore"], test: str, sentences: int) -> Table:
    names = ("score", "95 % interval", "difference", "p")
    columns = (Column(name, justify="right", overflow="fold") for name in names)
    title = f"{test}, {sentences:,} sentences; differences from the first system"
    table = Table(Column("system", overflow="fold"), *columns, title=title)
    metric = None
    for row in rows:
        if row.metric != metric:
            metric = row.metric
            table.add_section()
            table.add_row(f"[bold]{TITLES[metric]}")
        cells = [escape(row.system), f"{row.score:.2f}", f"± {row.confidence:.2f}"]
        beside = ((row.difference, "+.2f"), (row.p_value, ".3f"))
        table.add_row(*cells, *("" if x is None else format(x, form) for x, form in beside))
    return table
