"""What a lexical shortlist costs and gains: BLEU and speed of a finished run, with and without.

    python benchmarks/shortlist.py runs/multi30k --size 512 1024 --json shortlist.json

Learns from the pairs that the run learnt from (`--pairs` of them), and translates those that it was
validated on, greedily and with beams, with lists of each size and with all tokens in turn. Prints a
table in Markdown; speeds are those of `generate`, medians of `--rounds`.
"""

import argparse
import pathlib
import statistics
import time

from scored_run import give_json, open_finished_run, run_script, say

from keras_seq2seq.cli.terminal import out, progress_of


def main(arguments=None):
    options = parse(arguments)
    run = open_finished_run(options.run)
    figures = measure(run, options)
    print_table(figures)
    give_json(figures, options.json)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="directory of a finished run")
    parser.add_argument("--pairs", type=int, default=30_000, help="to learn from, at most")
    parser.add_argument("--size", type=int, nargs="+", default=[1280], help="tokens of a list")
    parser.add_argument("--always", type=int, default=1000, help="tokens of every list")
    parser.add_argument("--candidates", type=int, default=50, help="of each source token")
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="file for the figures; - is standard output")
    options = parser.parse_args(arguments)
    for name in ("pairs", "batch", "rounds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: at least 1 is expected")
    return options


def measure(run, options):
    from sacrebleu import corpus_bleu

    from keras_seq2seq.export import open_artefact
    from keras_seq2seq.text_models import learn_shortlist
    from keras_seq2seq.training.runs.scored_pairs import learnt_sample, validation_pairs

    model = open_artefact(run.model).model
    learnt, valid = learnt_sample(run), validation_pairs(pathlib.Path(run.path))
    if learnt is None:
        raise ValueError(f"{run.path} learnt from pairs that are not here any more.")
    step = -(-len(learnt) // options.pairs)  # they may be sorted
    sources, references = valid.sources, valid.targets
    models = {"all": model}
    for size in options.size:
        with progress_of(f"lists of {size}", len(learnt.sources[::step])) as progress:
            models[str(size)] = learn_shortlist(
                model,
                learnt.sources[::step],
                learnt.targets[::step],
                candidates=options.candidates,
                always=options.always,
                size=size,
                progress=progress,
            )
    rows = []
    for beams in options.beams:
        found = {name: {"bleu": 0.0, "seconds": []} for name in models}
        for number in range(options.rounds + 1):  # the first one warms up
            say(f"beam {beams}, round {number} of {options.rounds}")
            for name, one in models.items():
                began = time.perf_counter()
                search = {"beam_size": beams, "shortlist": name != "all"}
                texts = one.generate(sources, options.batch, **search)
                if number:
                    found[name]["seconds"].append(time.perf_counter() - began)
                found[name]["bleu"] = corpus_bleu(texts, [references]).score
        plain = statistics.median(found["all"]["seconds"])
        for name, figures in found.items():
            seconds = statistics.median(figures["seconds"])
            ratio = plain / seconds
            rows.append(
                {
                    "size": name,
                    "beam": beams,
                    "bleu": round(figures["bleu"], 2),
                    "sentences_per_s": round(len(sources) / seconds, 1),
                    "ratio": round(ratio, 2),
                    "tokens_of_a_list": list_length(models[name], sources, 1),
                    "tokens_of_a_batch": list_length(models[name], sources, options.batch),
                }
            )
    return {"benchmark": "shortlist", "run": str(run.path), "pairs": len(valid), "rows": rows}


def list_length(model, sources, batch):
    """Mean number of tokens in the list of so many sentences together, of like length."""
    import numpy as np

    from keras_seq2seq.text_models.source_parts import SourceParts

    if model.seq2seq.shortlist is None:
        return model.seq2seq.target_vocabulary_size
    limit = model.max_source_length
    ids = SourceParts.read(list(sources), model.source_tokenizer, limit, "truncate").ids
    lists = np.asarray(model.seq2seq.shortlist(ids)[1])  # [N, K]
    lists = lists[np.argsort((ids > 0).sum(axis=1), kind="stable")]
    parts = [lists[start : start + batch] for start in range(0, len(lists), batch)]
    return round(float(np.mean([part.any(axis=0).sum() for part in parts])), 1)


def print_table(figures):
    lines = [
        "| tokens of a list, at most | mean | of a batch | beam | BLEU | sentences/s | ratio |"
    ]
    lines += ["|---|---:|---:|---:|---:|---:|---:|"]
    columns = ("size", "tokens_of_a_list", "tokens_of_a_batch", "beam", "bleu", "sentences_per_s")
    for row in figures["rows"]:
        cells = [str(row[name]) for name in (*columns, "ratio")]
        lines.append(f"| {' | '.join(cells)} |")
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run_script(main)
