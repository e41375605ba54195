"""`keras-seq2seq score`."""

from __future__ import annotations

import json
import math
import sys
from typing import Annotated

import typer

from keras_seq2seq.cli.arguments import BatchSize, Columns, Ensemble, ModelArgument
from keras_seq2seq.cli.generate_command import open_models
from keras_seq2seq.cli.terminal import err, progress_of


def run(
    model: ModelArgument,
    corpus: Annotated[str, typer.Argument(help="Pairs whose targets are judged.")],
    columns: Columns = "1,2",
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
    from keras_seq2seq.data import parse_columns, read_pairs

    pairs = read_pairs(corpus, parse_columns(columns), drop_duplicates=False, drop_empty=False)
    artefact = open_models(model, ensemble)
    if artefact.kind != "keras" and as_json:
        raise ValueError(f"--json: for a run or .keras file, but {model} is a {artefact.kind}.")
    sources, targets = list(pairs.sources), list(pairs.targets)
    with progress_of("scoring", len(sources)) as progress:
        if artefact.kind == "keras":
            found = artefact.model.score(
                sources, targets, batch_size, return_details=True, progress=progress
            )
            scores = [one.score for one in found]
            counts = [len(one.tokens) for one in found]
        else:
            found, counts = None, None
            scores = artefact.score(sources, targets, batch_size, progress)
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if as_json:
            print(json.dumps({"source": source, **found[i].to_dict()}, ensure_ascii=False))
            continue
        mean = f"{scores[i] / counts[i]:.4f}\t" if counts else ""
        print(f"{scores[i]:.4f}\t{mean}{source}\t{target}")
    sys.stdout.flush()
    if counts:
        mean = -sum(scores) / sum(counts)
        err.print(
            f"{len(sources):,} pairs, {sum(counts):,} tokens, {mean:.4f} nats a token, perplexity "
            f"{math.exp(min(mean, 700)):.2f}",
            highlight=False,
            soft_wrap=True,
        )
