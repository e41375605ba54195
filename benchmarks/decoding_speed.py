"""Decoding speed on this machine: sentences a second, from a SavedModel.

    python benchmarks/decoding_speed.py --source test.en --model pieces.model

The network is a bidirectional LSTM encoder of H/2 units a direction and an LSTM decoder of H units
with dot attention, with random weights. It runs exactly `--length` steps, for no token counts as
the end: speed does not depend on what it writes. Sentences are sorted by length and run in batches,
greedily and with beams. The SavedModel takes ids and is run in a session, as a server does it.

`--reference COMMAND` runs a command after each round that prints one line of JSON with
`sentences_per_s`, and gives the ratio of the medians; `{beam}` in it becomes the number of beams,
and `{batch}` that of sentences in a batch. Several sizes are measured one after another.
`--shortlist` takes turns with the same network that looks at a lexical shortlist, too, as long as
one learnt from Multi30k.
Two programs can be compared only when they take turns. `--json FILE` writes one line of JSON, to
standard output if FILE is `-`.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_network import endless_network, with_random_shortlist
from reference_run import compared, give_line, run_reference


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", required=True, help="text, one sentence a line")
    parser.add_argument("--model", required=True, help="SentencePiece model")
    parser.add_argument("--embed", type=int, default=256, help="E")
    parser.add_argument("--units", type=int, default=512, help="H of the decoder")
    parser.add_argument("--batch", type=int, nargs="+", default=[32], help="sentences")
    parser.add_argument("--batches", type=int, default=30, help="batches a round, the shortest")
    parser.add_argument("--length", type=int, default=30, help="steps")
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shortlist", action="store_true", help="measure that, too")
    parser.add_argument("--reference", help="command to take turns with")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures; - is stdout")
    return parser.parse_args(arguments)


def searches(options):
    """Name of a signature -> how it searches: beams, and whether in lists."""
    kinds = (False, True) if options.shortlist else (False,)
    return {
        f"beam_{beams}{'_listed' if listed else ''}": {"beam_size": beams, "shortlist": listed}
        for beams in options.beams
        for listed in kinds
    }


def write_saved_model(options, size, directory):
    """A SavedModel with a signature for each search: ids [B, S] -> ids [B, T]."""
    import keras
    import tensorflow as tf

    from keras_seq2seq import SearchOptions

    model = endless_network(options, size)
    if options.shortlist:
        model = with_random_shortlist(model)
    archive = keras.export.ExportArchive()
    signature = [tf.TensorSpec([None, None], tf.int32, name="ids")]

    def decoder(search):
        return lambda ids: {"ids": model.search(ids, options.length, search).ids}

    for name, search in searches(options).items():
        archive.add_endpoint(name, decoder(SearchOptions(**search)), input_signature=signature)
    archive.write_out(directory, verbose=False)
    return model.count_params()


def open_saved_model(options, directory):
    """A function for each search, from ids to ids."""
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=options.threads, inter_op_parallelism_threads=options.threads
    )
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], directory)

    def runner(signature):
        given, wanted = signature.inputs["ids"].name, signature.outputs["ids"].name
        return session.make_callable(session.graph.get_tensor_by_name(wanted), [given])

    return {name: runner(meta.signature_def[name]) for name in searches(options)}


def read_batches(options, tokenizer, size):
    """The shortest sentences in batches: int32 arrays [B, S], EOS behind each."""
    import numpy as np

    lines = Path(options.source).read_text("utf-8").splitlines()
    rows = sorted(([*tokenizer.tokenize_python(line), 3] for line in lines), key=len)
    batches = []
    for start in range(0, min(len(rows), size * options.batches), size):
        batch = rows[start : start + size]
        ids = np.zeros((len(batch), len(batch[-1])), "int32")
        for place, row in enumerate(batch):
            ids[place, : len(row)] = row
        batches.append(ids)
    return batches


def sentences_per_second(run, batches):
    began = time.perf_counter()
    for batch in batches:
        run(batch)
    return sum(map(len, batches)) / (time.perf_counter() - began)


def main(arguments=None):
    options = parse_arguments(arguments)
    from keras_seq2seq.text import SentencePieceTokenizer

    tokenizer = SentencePieceTokenizer(options.model)
    with tempfile.TemporaryDirectory() as directory:
        parameters = write_saved_model(options, tokenizer.vocabulary_size, directory)
        runs = open_saved_model(options, directory)
    figures = {"parameters": parameters, "length": options.length}
    for size in options.batch:
        batches = read_batches(options, tokenizer, size)
        for beams in options.beams:
            kinds = {
                name: runs[name]
                for name, search in searches(options).items()
                if search["beam_size"] == beams
            }
            found = measure(options, kinds, batches, size, beams)
            figures.setdefault(f"batch_{size}", {}).update(found)
    give_line(figures, options.json)


def measure(options, runs, batches, size, beams):
    """Figures of searches with so many beams on batches of one size; all sides take turns."""
    for run in runs.values():
        sentences_per_second(run, batches[:: max(1, len(batches) - 1)])  # warm up
    ours, theirs = {name: [] for name in runs}, []
    for number in range(options.rounds):
        line = f"batch {size}, beam {beams}, round {number + 1}:"
        for name, run in runs.items():
            ours[name].append(sentences_per_second(run, batches))
            line += f" {ours[name][-1]:.1f}{' listed' * name.endswith('listed')},"
        if options.reference:
            command = options.reference.replace("{beam}", str(beams)).replace("{batch}", str(size))
            theirs.append(run_reference(command, "sentences_per_s"))
            line += f" reference {theirs[-1]:.1f},"
        print(line.rstrip(","), "sentences/s", file=sys.stderr)
    return {name: figures_of(speeds, theirs, size) for name, speeds in ours.items()}


def figures_of(ours, theirs, size):
    speed = statistics.median(ours)
    found = {"sentences_per_s": round(speed, 2), "milliseconds": round(1000 * size / speed, 1)}
    if theirs:
        found["reference_sentences_per_s"] = round(statistics.median(theirs), 2)
        found |= compared(ours, theirs)
    return found


if __name__ == "__main__":
    main()
