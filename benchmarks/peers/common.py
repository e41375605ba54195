"""What the programs beside ours share: arguments, batches, the clock and the line of JSON.

Runs in the environment of a peer, so it needs nothing but NumPy and sentencepiece. A peer gives
`run` two functions: `trainer(options, size)` returns a function of two arrays of ids, [B, S] and
[B, T], that takes one training step; `decoder(options, size)` one of ids [B, S] that writes
`options.length` tokens for each. Ids are those of the SentencePiece model; sources end in EOS,
targets begin with BOS and end in EOS, and batches hold sentences of like length.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import sentencepiece

PAD, UNK, BOS, EOS = 0, 1, 2, 3
WARM_UP = 5  # steps


def parse_arguments(description, modes, arguments=None):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=modes)
    parser.add_argument("--source", required=True, help="text, one sentence a line")
    parser.add_argument("--target", help="text, line by line its translation")
    parser.add_argument("--model", required=True, help="SentencePiece model for both sides")
    parser.add_argument("--embed", type=int, default=256, help="E")
    parser.add_argument("--units", type=int, default=512, help="H of the decoder")
    parser.add_argument("--batch", type=int, default=None, help="64 in training, 32 in decoding")
    parser.add_argument("--steps", type=int, default=30, help="of training")
    parser.add_argument("--batches", type=int, default=30, help="of decoding, the shortest")
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--length", type=int, default=30, help="steps of decoding")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    if options.mode == "train" and not options.target:
        parser.error("training needs --target")
    options.batch = options.batch or (64 if options.mode == "train" else 32)
    return options


def padded(rows):
    """Ids [B, S], int32."""
    ids = np.full((len(rows), max(map(len, rows))), PAD, "int32")
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return ids


def training_batches(options, pieces):
    """Batches at random of pairs sorted by target length: (ids [B, S], ids [B, T]) each."""
    sources, targets = (
        pieces.encode(Path(name).read_text("utf-8").splitlines())
        for name in (options.source, options.target)
    )
    order = sorted(range(len(targets)), key=lambda i: len(targets[i]))
    groups = [order[i : i + options.batch] for i in range(0, len(order), options.batch)]
    chosen = np.random.default_rng(0).permutation(len(groups))[: options.steps + WARM_UP]
    for number in chosen:
        group = groups[number]
        yield (
            padded([[*sources[i], EOS] for i in group]),
            padded([[BOS, *targets[i], EOS] for i in group]),
        )


def decoding_batches(options, pieces):
    """The shortest sentences in batches: ids [B, S]."""
    lines = Path(options.source).read_text("utf-8").splitlines()
    rows = sorted(([*row, EOS] for row in pieces.encode(lines)), key=len)
    rows = rows[: options.batch * options.batches]
    return [padded(rows[i : i + options.batch]) for i in range(0, len(rows), options.batch)]


def measure_training(options, pieces, trainer):
    step, spent = trainer(options, pieces.get_piece_size()), []
    for source, target in training_batches(options, pieces):
        began = time.perf_counter()
        step(source, target)
        spent.append((int((target[:, 1:] != PAD).sum()), time.perf_counter() - began))
    tokens, seconds = zip(*spent[WARM_UP:], strict=True)
    return {
        "median_step_ms": round(1000 * statistics.median(seconds), 1),
        "target_tokens_per_s": round(sum(tokens) / sum(seconds), 1),
    }


def measure_decoding(options, pieces, decoder):
    decode = decoder(options, pieces.get_piece_size())
    batches = decoding_batches(options, pieces)
    decode(batches[0])
    decode(batches[-1])  # warm up
    began = time.perf_counter()
    for batch in batches:
        decode(batch)
    seconds = time.perf_counter() - began
    return {"sentences_per_s": round(sum(map(len, batches)) / seconds, 2)}


def expect(found, wanted, what):
    """Speeds of a search that was shorter, or of other ids, would be those of another task."""
    if found != wanted:
        raise RuntimeError(f"{what}: {found} came, {wanted} was expected.")


def run(description, trainer=None, decoder=None, arguments=None):
    """Measures what is asked for and prints one line of JSON."""
    measures = {"train": (measure_training, trainer), "decode": (measure_decoding, decoder)}
    modes = [mode for mode, (_, made) in measures.items() if made]
    options = parse_arguments(description, modes, arguments)
    pieces = sentencepiece.SentencePieceProcessor(model_file=options.model)
    measure, made = measures[options.mode]
    found = measure(options, pieces, made)
    print(json.dumps({"batch": options.batch, **found}))
