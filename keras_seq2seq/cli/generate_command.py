"""`keras-seq2seq generate`."""

import sys

from keras_seq2seq.cli.terminal import err, progress_of


def run(model, file, batch_size, scores):
    """Translates a file, standard input, or line by line what is typed."""
    lines = None if file == "-" and sys.stdin.isatty() else _read(file)
    from keras_seq2seq.export import open_artefact

    artefact = open_artefact(model)
    if lines is None:
        _converse(artefact, scores)
        return
    with progress_of("translating", len(lines)) as progress:
        result = artefact.generate(lines, batch_size, progress)
    _show(result, scores)


def _read(file):
    from keras_seq2seq.data.text_lines import decode_lines, read_lines

    if file != "-":
        return read_lines(file)
    return decode_lines(sys.stdin.buffer.read(), "standard input")


def _converse(artefact, scores):
    err.print("One sentence a line; end with Ctrl-D.")
    for line in sys.stdin:
        _show(artefact.generate([line.rstrip("\n")]), scores)


def _show(result, scores):
    for text, score in zip(result.texts, result.scores, strict=True):
        print(f"{score:.4f}\t{text}" if scores else text)
    sys.stdout.flush()
