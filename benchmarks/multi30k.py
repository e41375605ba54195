"""Multi30k, English to German: trains, scores, and prints our row beside the published ones.

    python benchmarks/multi30k.py --json multi30k.json
    python benchmarks/multi30k.py --score runs/multi30k

Everything is chosen on val; test_2016_flickr is translated once, at the end.
"""

from __future__ import annotations

import argparse

from real_corpora import multi30k_files, read_split
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

LANGUAGE = "de"
RECIPE = "recipe:related_languages"
# System, parameters, BLEU on lower-cased tokenised test_2016_flickr, where it was read.
PUBLISHED = (
    (
        "LIUM-CVC, BiGRU and conditional GRU, single run",
        "",
        39.00,
        "github.com/lium-lst/wmt17-mmt, README",
    ),
    (
        "Transformer-Tiny, 4 + 4 layers, average of 10 checkpoints, beam 5",
        "2.6 M",
        41.02,
        "github.com/LividWo/Revisit-MMT, README-baseline",
    ),
)


def main(arguments=None):
    options = parse(arguments)
    files = multi30k_files()
    run = trained_or_opened(options, files)
    result = measure(run, files, options.beam, test=not options.val_only)
    print_table(result)
    give_json(result, options.json)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser, "runs/multi30k", RECIPE, f"default {RECIPE}")
    options = parser.parse_args(arguments)
    if options.beam < 1:
        parser.error(f"--beam {options.beam}: at least 1 is expected")
    return options


def measure(run, files, beam_size, test=True) -> dict:
    """Scores val, chooses the search there, and translates the test set once."""
    from keras_seq2seq.export import open_artefact

    model = open_artefact(run.model).model
    val = read_split(files["valid"])
    say("Translating val")
    greedy, _ = score_pairs(model, val, LANGUAGE)
    search, chosen, tried = choose_search(model, val, LANGUAGE, beam_size)
    result = {
        "benchmark": "multi30k",
        "pair": "en-de",
        **facts_of(run),
        "parameters": model.seq2seq.count_params(),
        "search": search,
        "val": chosen,
        "val_greedy": greedy,
        "val_tried": tried,
        "signatures": signatures(LANGUAGE),
    }
    if test:
        say("Translating test_2016_flickr, once")
        scores, texts = score_pairs(model, read_split(files["test"]), LANGUAGE, **search)
        run.write_text("test_2016_flickr.hyp", "".join(f"{text}\n" for text in texts))
        result |= {**scores, "test": "test_2016_flickr"}
    return result


def print_table(result):
    """Prints the rows in Markdown."""
    lines = [
        "| system | parameters | BLEU, lower-cased tokenised | source |",
        "|---|---:|---:|---|",
    ]
    lines += [f"| {name} | {size} | {bleu:.2f} | {source} |" for name, size, bleu, source in
              PUBLISHED]  # fmt: skip
    if "bleu_lowercased_tokenised" in result:
        minutes = result["minutes"]
        took = "" if minutes is None else f", {minutes:.0f} minutes"
        took += f" on {result['cores']} cores" if took and "cores" in result else ""
        lines.append(
            f"| **ours**, beam {result['search']['beam_size']}{took} "
            f"| {result['parameters'] / 1e6:.1f} M | **{result['bleu_lowercased_tokenised']:.2f}** "
            f"| {result['run']}; cased BLEU {result['bleu_cased']:.2f}, "
            f"chrF {result['chrf']:.2f} |"
        )
    val = result["val"]
    lines += [
        "",
        f"val: {val['bleu_lowercased_tokenised']:.2f} lower-cased tokenised, "
        f"{val['bleu_cased']:.2f} cased, chrF {val['chrf']:.2f} "
        f"(greedy {result['val_greedy']['bleu_lowercased_tokenised']:.2f})",
    ]
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run_script(main)
