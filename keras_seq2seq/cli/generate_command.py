"""`keras-seq2seq generate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_seq2seq.cli.terminal import err, progress_of

if TYPE_CHECKING:
    from keras_seq2seq.export import Artefact


def run(
    model: Path,
    file: str,
    batch_size: int,
    scores: bool,
    as_json: bool,
    others: Sequence[Path],
    options: dict[str, Any],
) -> None:
    """Translates a file, standard input, or line by line what is typed.

    Args:
        model: path of the artefact.
        file: path, or `-`.
        batch_size: int.
        scores: bool. Log-probabilities in front.
        as_json: bool. One JSON object a line, with all details.
        others: paths of further models, which decode with the first as one.
        options: dict of keyword arguments of `TextSeq2Seq.generate`, those that were given.
    """
    lines = None if file == "-" and sys.stdin.isatty() else _read(file)
    translate = _opened(model, others, batch_size, as_json, options)
    if lines is None:
        err.print("One sentence a line; end with Ctrl-D.")
        for line in sys.stdin:
            _show(*translate([line.rstrip("\n")], None), scores, as_json)
        return
    with progress_of("translating", len(lines)) as progress:
        found = translate(lines, progress)
    _show(*found, scores, as_json)


def _read(file):
    from keras_seq2seq.data.text_lines import decode_lines, read_lines

    if file != "-":
        return read_lines(file)
    return decode_lines(sys.stdin.buffer.read(), "standard input")


def _opened(
    model: Path, others: Sequence[Path], batch_size: int, as_json: bool, options: dict[str, Any]
) -> Callable[..., tuple[list, list]]:
    """A function from lines to results and scores, each a list for every line."""
    artefact = open_models(model, others)
    if artefact.kind == "keras":

        def translate(lines, progress):
            results, values = artefact.model.generate(
                lines,
                batch_size,
                return_scores=True,
                return_details=as_json,
                progress=progress,
                **options,
            )
            if options.get("num_return", 1) == 1:
                results, values = [[result] for result in results], [[v] for v in values]
            return results, values

        return translate

    of_keras = {"long_sources", "replace_unknown", "prefix", "banned"} & options.keys()
    if as_json:
        of_keras.add("json")
    if options.get("num_return", 1) > 1:
        of_keras.add("num_return")
    if of_keras:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(of_keras))
        raise ValueError(f"{names}: for a run or .keras file, but {model} is a {artefact.kind}.")

    def translate(lines, progress):
        found = artefact.generate(lines, batch_size, progress, **options)
        return [[text] for text in found.texts], [[score] for score in found.scores]

    return translate


def open_models(model: Path, others: Sequence[Path]) -> Artefact:
    """Opens an artefact; with others, an ensemble of all of them."""
    from keras_seq2seq.export import open_artefact

    artefacts = [open_artefact(path) for path in (model, *others)]
    if not others:
        return artefacts[0]
    for artefact in artefacts:
        if artefact.kind != "keras":
            raise ValueError(
                f"--ensemble takes runs and .keras files, but {artefact.path} is a {artefact.kind}."
            )
    from keras_seq2seq.export.keras_artefact import KerasArtefact
    from keras_seq2seq.text_models import TextSeq2Seq

    return KerasArtefact(model=TextSeq2Seq.ensemble([artefact.model for artefact in artefacts]))


def _show(results, scores, with_scores, as_json):
    for line, values in zip(results, scores, strict=True):
        if as_json:
            found = [result.to_dict() for result in line]
            print(json.dumps(found[0] if len(found) == 1 else found, ensure_ascii=False))
            continue
        for text, score in zip(line, values, strict=True):
            print(f"{score:.4f}\t{text}" if with_scores else text)
    sys.stdout.flush()
