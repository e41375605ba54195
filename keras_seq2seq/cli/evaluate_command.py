"""`keras-seq2seq evaluate`."""

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.cli.arguments import (
    AsJson,
    BatchSize,
    Columns,
    Ensemble,
    ModelArgument,
    TestCorpus,
    Tokenize,
    check_language,
)
from keras_seq2seq.cli.generate_command import open_models
from keras_seq2seq.cli.search_flags import with_search_flags
from keras_seq2seq.cli.terminal import err, out, print_json, progress_of, say
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.parallel_text import parse_columns, read_pairs
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.runs.scored_pairs import (
    ScoredPairs,
    learnt_overlap,
    pairs_to_score,
    run_of,
)

if TYPE_CHECKING:
    from keras_seq2seq.export import Artefact

TITLES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "ter": "TER (less is better)",
    "exact_match": "exact match, %",
}


def check_output(path: Path | None) -> Path | None:
    """Refuses a file that cannot be written."""
    if path is not None:
        if path.is_dir():
            raise ValueError(f"--output {path} is a directory: name a file.")
        if not path.parent.is_dir():
            raise ValueError(f"--output {path}: the directory {path.parent} does not exist.")
        if not os.access(path.parent, os.W_OK):
            raise ValueError(f"--output {path}: the directory {path.parent} is not writable.")
    return path


@with_search_flags
def run(
    model: ModelArgument,
    test: TestCorpus = None,
    columns: Columns = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Also write the translations here.", callback=check_output),
    ] = None,
    tokenize: Tokenize = "13a",
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of the targets, as de: score lower-cased, Moses-tokenised text, too, "
            "as published tables do.",
            callback=check_language,
        ),
    ] = None,
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
    scored = pairs_to_score([model, *(ensemble or [])], test, columns)
    pairs = scored.pairs
    training = None if report is None else _training_pairs(model, train, scored.columns)
    if report is not None:
        _make_directory(report)
    artefact = open_models(model, ensemble)
    for note in scored.notes:
        say(note)
    facts = judge_scored(artefact, model, scored)
    start = time.perf_counter()
    hypotheses = translate(artefact, pairs.sources, batch_size, **search)
    seconds = time.perf_counter() - start
    if output is not None:
        _write(output, "".join(f"{line}\n" for line in hypotheses))
    scores = {**score_texts(hypotheses, pairs.targets, tokenize, language), "seconds": seconds}
    if report is not None:
        _write_report(report, artefact, pairs, hypotheses, training, tokenize)
    if as_json:
        return print_json({"model": str(model), **scored.to_dict(), **scores, "data": facts})
    _show(scores, f"{model} on {scored.test}")
    if report is not None:
        out.print(f"Errors by length, rare words and unknown tokens: {report}", soft_wrap=True)


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--report {path} cannot be a directory: {error.strerror}.") from error
    if not os.access(path, os.W_OK):
        raise ValueError(f"--report {path} is not writable.")


def translate(
    artefact: "Artefact", sources: Sequence[str], batch_size: int = 32, **search: Any
) -> list[str]:
    """Translates with a progress bar."""
    with progress_of("translating", len(sources)) as progress:
        return artefact.generate(sources, batch_size, progress, **search).texts


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


def _show(scores: dict[str, Any], title: str) -> None:
    """A column of figures for each way to look at the text; signatures in full below."""
    views = {"raw": scores}
    if "lowercased_tokenised" in scores:
        views["lower-cased, tokenised"] = scores["lowercased_tokenised"]
    columns = (Column(view, justify="right") for view in views)
    table = Table("", *columns, title=escape(title))
    for name, title in TITLES.items():
        table.add_row(title, *(f"{view[name]:.2f}" for view in views.values()))
    out.print(table)
    lines = [f"{scores['sentences']:,} sentences, {scores['seconds']:.1f} s"]
    for view, values in views.items():
        lines += [f"{m}, {view}: {values[f'{m}_signature']}" for m in ("bleu", "chrf", "ter")]
        lines += [f"text: {values['text']}"] if values is not scores else []
    out.print("\n".join(lines), highlight=False, soft_wrap=True)


def _training_pairs(model: Path, train: str | None, columns: str) -> SentencePairs | None:
    """The pairs the model learnt from: as told, or as its run directory says; `None` if neither."""
    if train is not None:
        return read_pairs(train, parse_columns(columns))
    run = run_of(model)
    if run is None:
        return None
    try:
        return load_config(run.config).data.read_train()
    except CorpusError as error:  # moved since; the rest of the report does not need it
        err.print(f"No report by rare words: {error}", highlight=False, markup=False)
        return None


def judge_scored(
    artefact: "Artefact", model: Path, scored: ScoredPairs, whose: str = ""
) -> dict[str, Any] | None:
    """Says what makes scores of these pairs worth little; gives the facts, if it can be known."""
    of_texts = getattr(artefact, "model", artefact)
    tokenizers: list[Any] = [
        getattr(of_texts, f"{side}_tokenizer", None) for side in ("source", "target")
    ]
    if None in tokenizers:  # a SavedModel hides them
        return None
    from keras_seq2seq.data.encoded_pairs import EncodedPairs
    from keras_seq2seq.data.quality import judgement

    facts = judgement.facts_of(EncodedPairs.of(scored.pairs, *tokenizers))
    complaints = judgement.complaints_of_unknown(facts, scored.test)
    run = run_of(model)
    found = None if run is None else learnt_overlap(run, scored.pairs, tokenizers)
    if found is not None:
        facts["in_train"] = found
        complaints += judgement.complaints_of_overlap(found, len(scored.pairs), scored.test)
    for complaint in complaints:
        say(f"warning: {whose}{complaint}")
    return facts


def _write_report(
    folder: Path,
    artefact: "Artefact",
    pairs: SentencePairs,
    hypotheses: Sequence[str],
    training: SentencePairs | None,
    tokenize: str,
) -> None:
    from keras_seq2seq.evaluation import count_words, make_error_report, plot_error_report
    from keras_seq2seq.text.special_tokens import UNK

    words = None if training is None else count_words(training.sources)
    tokenizer = getattr(getattr(artefact, "model", artefact), "source_tokenizer", None)
    tokenize_one = getattr(tokenizer, "tokenize_python", getattr(tokenizer, "tokenize", None))
    tokens = map(tokenize_one, pairs.sources) if tokenize_one else ()
    report = make_error_report(
        pairs.sources,
        hypotheses,
        pairs.targets,
        training_counts=words,
        unknown_counts=[ids.count(UNK) for ids in tokens] or None,
        tokenize=tokenize,
    )
    _write(folder / "errors.md", report.to_text())
    text = json.dumps(report.to_dict(), ensure_ascii=False, indent=1) + "\n"
    _write(folder / "errors.json", text)
    plot_error_report(report, folder / "errors.png")


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")
