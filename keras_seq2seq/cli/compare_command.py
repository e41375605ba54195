"""`keras-seq2seq compare`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from keras_seq2seq.cli.arguments import AsJson, BatchSize, Columns, Tokenize, all_existing
from keras_seq2seq.cli.evaluate_command import check_language, check_tokenizer, translate
from keras_seq2seq.cli.search_flags import with_search_flags
from keras_seq2seq.cli.terminal import err, out

_TITLES = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER (less is better)"}


@with_search_flags
def run(
    systems: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more: models, or files of translations, one a line. "
            "The first is the baseline.",
            callback=all_existing,
        ),
    ],
    test: Annotated[str, typer.Option(help="Corpus with references.")] = "phrasebook:test",
    columns: Columns = "1,2",
    tokenize: Tokenize = "13a",
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of the targets, as de: compare lower-cased, Moses-tokenised "
            "text instead."
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=40, help="Draws of the bootstrap.")] = 1000,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
    **search: Any,
) -> None:
    """Tells whether systems differ by more than chance: paired bootstrap of BLEU, chrF and TER."""
    from keras_seq2seq.data import parse_columns, read_pairs

    if len(systems) < 2:
        raise ValueError("compare needs two systems or more: a baseline and what is held to it.")
    twice = {str(path) for path in systems if systems.count(path) > 1}
    if twice:
        raise ValueError(f"{sorted(twice)[0]} is named twice: a system is compared with others.")
    pairs = read_pairs(test, parse_columns(columns), drop_duplicates=False, drop_empty=False)
    check_tokenizer(tokenize)
    check_language(language)
    texts = _read_files(systems, pairs)
    for path in systems:
        if str(path) not in texts:
            from keras_seq2seq.export import open_artefact

            artefact = open_artefact(path)
            texts[str(path)], _ = translate(artefact, pairs.sources, batch_size, **search)
    from keras_seq2seq.evaluation import paired_bootstrap

    ordered = {str(path): texts[str(path)] for path in systems}
    with err.status("Drawing sentences and scoring them"):
        rows = paired_bootstrap(ordered, pairs.targets, tokenize, language, resamples)
    if as_json:
        comparison = [dataclasses.asdict(row) for row in rows]
        facts = {"test": test, "sentences": len(pairs), "resamples": resamples}
        print(json.dumps({**facts, "scores": comparison}, ensure_ascii=False))
        return
    out.print(_table(rows, test, len(pairs)))
    for signature in dict.fromkeys(row.signature for row in rows):
        out.print(signature, highlight=False, soft_wrap=True)


def _read_files(systems, pairs):
    """Translations that lie in files, by path; read first, so that errors show at once."""
    from keras_seq2seq.data.text_lines import read_lines

    texts = {}
    for path in systems:
        if path.is_file() and path.suffix not in (".keras", ".tflite"):
            texts[str(path)] = read_lines(str(path))
            if len(texts[str(path)]) != len(pairs):
                raise ValueError(
                    f"{path} has {len(texts[str(path)]):,} lines, but the corpus has "
                    f"{len(pairs):,} pairs: one translation a line is expected."
                )
    return texts


def _table(rows, test, sentences):
    table = Table(title=f"{test}, {sentences:,} sentences; differences from the first system")
    for name in ("system", "score", "95 % interval", "difference", "p"):
        table.add_column(name, justify="left" if name == "system" else "right", overflow="fold")
    metric = None
    for row in rows:
        if row.metric != metric:
            metric = row.metric
            table.add_section()
            table.add_row(f"[bold]{_TITLES[metric]}")
        difference = "" if row.difference is None else f"{row.difference:+.2f}"
        p_value = "" if row.p_value is None else f"{row.p_value:.3f}"
        table.add_row(
            escape(row.system), f"{row.score:.2f}", f"± {row.confidence:.2f}", difference, p_value
        )
    return table
