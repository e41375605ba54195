"""`keras-seq2seq evaluate`."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.cli.arguments import (
    AsJson,
    BatchSize,
    Columns,
    Ensemble,
    Language,
    ModelArgument,
    Tokenize,
)
from keras_seq2seq.cli.generate_command import open_models
from keras_seq2seq.cli.search_flags import with_search_flags
from keras_seq2seq.cli.terminal import err, out, progress_of
from keras_seq2seq.nearest_name import did_you_mean

if TYPE_CHECKING:
    from keras_seq2seq.data import SentencePairs
    from keras_seq2seq.export import Artefact


@with_search_flags
def run(
    model: ModelArgument,
    test: Annotated[str, typer.Option(help="Corpus with references.")] = "phrasebook:test",
    columns: Columns = "1,2",
    output: Annotated[Path | None, typer.Option(help="Also write the translations here.")] = None,
    tokenize: Tokenize = "13a",
    language: Language = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Directory for a report of errors: text, JSON and a picture."),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(help="Corpus that tells which words are rare; default that of the run."),
    ] = None,
    ensemble: Ensemble = None,
    batch_size: BatchSize = 32,
    as_json: AsJson = False,
    **search: Any,
) -> None:
    """Scores a model: BLEU, chrF, TER and exact match, with sacreBLEU's signatures."""
    from keras_seq2seq.data import parse_columns, read_pairs

    pairs = read_pairs(test, parse_columns(columns), drop_duplicates=False, drop_empty=False)
    check_tokenizer(tokenize)
    check_language(language)
    check_output(output)
    training = None if report is None else _training_pairs(model, train, columns)
    check_report(report)
    artefact = open_models(model, ensemble)
    hypotheses, seconds = translate(artefact, pairs.sources, batch_size, **search)
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text("".join(f"{h}\n" for h in hypotheses), "utf-8")
    scores = {**score_texts(hypotheses, pairs.targets, tokenize, language), "seconds": seconds}
    if report is not None:
        _write_report(report, artefact, pairs, hypotheses, training, tokenize)
    if as_json:
        print(json.dumps({"model": str(model), "test": test, **scores}, ensure_ascii=False))
        return
    _show(scores, f"{model} on {test}")
    if report is not None:
        out.print(f"Errors by length, rare words and unknown tokens: {report}", soft_wrap=True)


def check_tokenizer(name: str) -> None:
    """Refuses a name sacreBLEU does not know before any sentence is translated."""
    from sacrebleu.metrics.bleu import BLEU

    if name not in BLEU.TOKENIZERS:
        hint = did_you_mean(name, BLEU.TOKENIZERS)
        raise ValueError(
            f"--tokenize {name} is not known to sacreBLEU; choose one of "
            f"{', '.join(sorted(BLEU.TOKENIZERS))}.{hint}"
        )
    try:
        BLEU(tokenize=name)
    except (ImportError, RuntimeError, OSError) as error:  # some need a package or a download
        raise ValueError(f"--tokenize {name} cannot be used: {error}") from error


def check_output(path: Path | None) -> None:
    """Refuses a file that cannot be written before any sentence is translated."""
    if path is None:
        return
    if path.is_dir():
        raise ValueError(f"--output {path} is a directory: name a file.")
    if not path.parent.is_dir():
        raise ValueError(f"--output {path}: the directory {path.parent} does not exist.")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"--output {path}: the directory {path.parent} is not writable.")


def check_language(language: str | None) -> None:
    """Refuses a language that Moses does not know before any sentence is translated."""
    if language is not None:
        from keras_seq2seq.evaluation.moses_text import check_moses_language

        check_moses_language(language)


def check_report(path: Path | None) -> None:
    """Makes the directory of a report, or says why it cannot be."""
    if path is None:
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--report {path} cannot be a directory: {error.strerror}.") from error
    if not os.access(path, os.W_OK):
        raise ValueError(f"--report {path} is not writable.")


def translate(
    artefact: Artefact, sources: Sequence[str], batch_size: int = 32, **search: Any
) -> tuple[list[str], float]:
    """Translates with a progress bar; gives the translations and the seconds they took."""
    start = time.perf_counter()
    with progress_of("translating", len(sources)) as progress:
        hypotheses = artefact.generate(sources, batch_size, progress, **search).texts
    return hypotheses, time.perf_counter() - start


def score_texts(
    hypotheses: Sequence[str],
    references: Sequence[str],
    tokenize: str = "13a",
    language: str | None = None,
) -> dict[str, Any]:
    """The scores as a dict; with a language, those of lower-cased tokenised text are in it."""
    from keras_seq2seq.evaluation import score_corpus, score_lowercased_tokenised

    scores = dataclasses.asdict(score_corpus(hypotheses, references, tokenize))
    if language is not None:
        prepared = score_lowercased_tokenised(hypotheses, references, language)
        scores["lowercased_tokenised"] = dataclasses.asdict(prepared)
    return scores


def score(
    artefact: Artefact, pairs: SentencePairs, tokenize: str = "13a", batch_size: int = 32
) -> dict[str, Any]:
    """Returns the scores of an artefact on sentence pairs as a dict, with the seconds it took."""
    hypotheses, seconds = translate(artefact, pairs.sources, batch_size)
    return {**score_texts(hypotheses, pairs.targets, tokenize), "seconds": seconds}


def _show(scores, title):
    """A column of figures for each way to look at the text; signatures in full below."""
    views = {"raw": scores}
    if "lowercased_tokenised" in scores:
        views["lower-cased, tokenised"] = scores["lowercased_tokenised"]
    table = Table(title=escape(title))
    table.add_column("")
    for view in views:
        table.add_column(view, justify="right")
    for name in ("bleu", "chrf", "ter", "exact_match"):
        table.add_row(name, *(f"{view[name]:.2f}" for view in views.values()))
    out.print(table)
    out.print(f"{scores['sentences']:,} sentences, {scores['seconds']:.1f} s", highlight=False)
    for view, values in views.items():
        for name in ("bleu", "chrf", "ter"):
            signature = values[f"{name}_signature"]
            out.print(f"{name}, {view}: {signature}", highlight=False, soft_wrap=True)
    for values in list(views.values())[1:]:
        out.print(f"text: {values['text']}", highlight=False, soft_wrap=True)


def _training_pairs(model, train, columns):
    """The pairs the model learnt from: as told, or as its run directory says; `None` if neither."""
    from keras_seq2seq.data import CorpusError, parse_columns, read_pairs
    from keras_seq2seq.training.configuration.config_file import load_config
    from keras_seq2seq.training.run_directory import RunDirectory

    if train is not None:
        return read_pairs(train, parse_columns(columns))
    run = RunDirectory(model)
    if not run.is_run:
        return None
    config = load_config(run.config)
    try:
        return read_pairs(config.data.train, parse_columns(config.data.columns))
    except CorpusError as error:  # moved since; the rest of the report does not need it
        err.print(f"No report by rare words: {error}", highlight=False, markup=False)
        return None


def _write_report(folder, artefact, pairs, hypotheses, training, tokenize):
    from keras_seq2seq.evaluation import count_words, make_error_report, plot_error_report

    report = make_error_report(
        pairs.sources,
        hypotheses,
        pairs.targets,
        training_counts=None if training is None else count_words(training.sources),
        unknown_counts=_unknown_counts(artefact, pairs.sources),
        tokenize=tokenize,
    )
    with replacing(folder / "errors.md") as temporary:
        temporary.write_text(report.to_text(), "utf-8")
    with replacing(folder / "errors.json") as temporary:
        text = json.dumps(report.to_dict(), ensure_ascii=False, indent=1) + "\n"
        temporary.write_text(text, "utf-8")
    plot_error_report(report, folder / "errors.png")


def _unknown_counts(artefact, sources):
    """How many `<unk>` each source has; `None` where the vocabulary is out of reach."""
    from keras_seq2seq.text.special_tokens import UNK

    holder = getattr(artefact, "model", artefact)
    tokenizer = getattr(holder, "source_tokenizer", None)
    if tokenizer is None:
        return None
    return [tokenizer.tokenize_python(source).count(UNK) for source in sources]
