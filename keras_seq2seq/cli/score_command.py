"""`keras-seq2seq score`."""

import math
import sys
from typing import Annotated

import typer

from keras_seq2seq.cli.arguments import BatchSize, Columns, Ensemble, ModelArgument, read_test_pairs
from keras_seq2seq.cli.generate_command import open_models
from keras_seq2seq.cli.terminal import print_json, progress_of, say


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
    pairs = read_test_pairs(corpus, columns)
    artefact = open_models(model, ensemble)
    from keras_seq2seq.export.keras_artefact import KerasArtefact

    if artefact.kind != "keras" and as_json:
        raise ValueError(f"--json: for a run or .keras file, but {model} is a {artefact.kind}.")
    texts, found = (list(pairs.sources), list(pairs.targets)), []
    with progress_of("scoring", len(pairs)) as progress:
        if isinstance(artefact, KerasArtefact):
            found = artefact.model.score(*texts, batch_size, return_details=True, progress=progress)
            scores = [one.score for one in found]
        else:
            scores = artefact.score(*texts, batch_size, progress)
    for i, (source, target) in enumerate(zip(*texts, strict=True)):
        if as_json:
            print_json({"source": source, **found[i].to_dict()})
            continue
        mean = f"{scores[i] / len(found[i].tokens):.4f}\t" if found else ""
        print(f"{scores[i]:.4f}\t{mean}{source}\t{target}")
    sys.stdout.flush()
    if found:
        count = sum(len(one.tokens) for one in found)
        mean = -sum(scores) / count
        say(
            f"{len(pairs):,} pairs, {count:,} tokens, {mean:.4f} nats a token, perplexity "
            f"{math.exp(min(mean, 700)):.2f}"
        )
