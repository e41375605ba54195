"""Tatoeba, Korean to English: splits by unique English sentence, trains and scores.

    python benchmarks/tatoeba.py --json tatoeba.json
    python benchmarks/tatoeba.py --split-only data/tatoeba

The split is the same everywhere (seed 0: 300 test sentences, 300 to choose on); `--split-only`
writes it as tables for other systems.
"""

from __future__ import annotations

import argparse
import pathlib

from real_corpora import read_split, tatoeba_splits, write_tables
from scored_run import (
    add_arguments,
    choose_search,
    facts_of,
    give_json,
    run_script,
    say,
    score_pairs,
    signatures,
    trained_or_opened,
)

from keras_seq2seq.cli.terminal import out

LANGUAGE = "en"
RECIPE = pathlib.Path(__file__).with_suffix(".toml")


def main(arguments=None):
    options = parse(arguments)
    splits = tatoeba_splits()
    folder = options.split_only or f"{options.score or options.run_dir}-data"
    files = write_tables(splits, folder)
    say(", ".join(f"{len(pairs):,} {name}" for name, pairs in splits.items()) + f" in {folder}")
    if options.split_only:
        return
    run = trained_or_opened(options, files)
    result = measure(run, files, options.beam, test=not options.val_only)
    print_table(result)
    give_json(result, options.json)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, "runs/tatoeba", RECIPE, "default tatoeba.toml")
    parser.add_argument("--split-only", metavar="DIR", help="write the split and stop")
    return parser.parse_args(arguments)


def measure(run, files, beam_size, test=True) -> dict:
    """Scores val, chooses the search there, and translates the test set once."""
    from keras_seq2seq.export import open_artefact

    model = open_artefact(run.model).model
    search, val, tried = choose_search(model, read_split(files["valid"]), LANGUAGE, beam_size)
    result = {
        "benchmark": "tatoeba",
        "pair": "ko-en",
        **facts_of(run),
        "parameters": model.seq2seq.count_params(),
        "search": search,
        "val": val,
        "val_tried": tried,
        "signatures": signatures(LANGUAGE),
    }
    if test:
        pairs = read_split(files["test"])
        scores, texts = score_pairs(model, pairs, LANGUAGE, **search)
        run.write_text("test.hyp", "".join(f"{text}\n" for text in texts))
        result |= {**scores, "test": "300 sentences, seed 0"}
    return result


def print_table(result):
    """Prints the scores in Markdown."""
    lines = [
        "| split | BLEU, cased | BLEU, lower-cased tokenised | chrF | exact match % |",
        "|---|---:|---:|---:|---:|",
    ]
    rows = {"val": result["val"]}
    if "test" in result:
        rows["test"] = result
    for name, scores in rows.items():
        figures = ("bleu_cased", "bleu_lowercased_tokenised", "chrf", "exact_match")
        lines.append(f"| {name} | " + " | ".join(f"{scores[key]:.2f}" for key in figures) + " |")
    minutes = "" if result["minutes"] is None else f", {result['minutes']:.1f} minutes"
    beam = f"beam {result['search']['beam_size']}"
    lines += ["", f"{result['parameters']:,} parameters, {beam}{minutes}, {result['run']}"]
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run_script(main)
