"""`keras-seq2seq evaluate`."""

import dataclasses
import json
import os
import time

from rich.table import Table

from keras_seq2seq.atomic_file import replacing
from keras_seq2seq.cli.terminal import out, progress_of
from keras_seq2seq.nearest_name import did_you_mean


def run(model, test, columns, output, tokenize, batch_size, as_json):
    """Translates the sources of a corpus and scores them against its targets."""
    from keras_seq2seq.data import parse_columns, read_pairs

    pairs = read_pairs(test, parse_columns(columns), drop_duplicates=False, drop_empty=False)
    check_tokenizer(tokenize)
    check_output(output)
    from keras_seq2seq.export import open_artefact

    artefact = open_artefact(model)
    scores = score(artefact, pairs, tokenize, batch_size, output)
    if as_json:
        print(json.dumps({"model": str(model), "test": test, **scores}, ensure_ascii=False))
        return
    table = Table(title=f"{model} on {test}", show_header=False)
    for name, value in scores.items():
        table.add_row(name, f"{value:.2f}" if isinstance(value, float) else str(value))
    out.print(table)


def check_tokenizer(name):
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


def check_output(path):
    """Refuses a file that cannot be written before any sentence is translated."""
    if path is None:
        return
    if path.is_dir():
        raise ValueError(f"--output {path} is a directory: name a file.")
    if not path.parent.is_dir():
        raise ValueError(f"--output {path}: the directory {path.parent} does not exist.")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"--output {path}: the directory {path.parent} is not writable.")


def score(artefact, pairs, tokenize="13a", batch_size=32, output=None):
    """Returns the scores of an artefact on sentence pairs as a dict, with the seconds it took."""
    from keras_seq2seq.evaluation import score_corpus

    start = time.perf_counter()
    with progress_of("translating", len(pairs.sources)) as progress:
        hypotheses = artefact.generate(pairs.sources, batch_size, progress).texts
    seconds = time.perf_counter() - start
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text("".join(f"{h}\n" for h in hypotheses), "utf-8")
    scores = score_corpus(hypotheses, pairs.targets, tokenize)
    return {**dataclasses.asdict(scores), "seconds": seconds}
