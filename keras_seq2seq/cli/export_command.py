"""`keras-seq2seq export` and `keras-seq2seq inspect`."""

from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from keras_seq2seq.cli.arguments import AsJson, ModelArgument
from keras_seq2seq.cli.exporting import flags
from keras_seq2seq.cli.exporting.checks import (
    check_beams,
    check_flags,
    check_quantization,
    read_scores,
)
from keras_seq2seq.cli.exporting.compared_formats import (
    JudgedPairs,
    pairs_to_judge,
    tell_formats,
    watching,
)
from keras_seq2seq.cli.exporting.learnt_shortlist import with_shortlist
from keras_seq2seq.cli.terminal import err, out, print_json, say
from keras_seq2seq.data.text_lines import read_lines
from keras_seq2seq.training.runs.scored_pairs import pairs_to_score, run_of

_COMPARED = 16  # texts of the run
_MOST_COMPARED = 2048  # texts of a file


def run(
    model: ModelArgument,
    saved_model: flags.SavedModel = None,
    serving: flags.Serving = None,
    name: flags.ServedName = None,
    license: flags.CardLicense = None,
    scores: flags.CardScores = None,
    tflite: flags.TFLiteFile = None,
    text: flags.TextFile = False,
    signatures: flags.Signatures = None,
    quantize: flags.Quantize = None,
    max_bleu_loss: flags.MaxBleuLoss = None,
    judge_by: flags.JudgeBy = None,
    judged_pairs: flags.JudgedPairs = None,
    report: flags.ReportFile = False,
    report_picture: flags.ReportPicture = None,
    beam_size: flags.BeamSize = None,
    n_best: flags.BeamResults = None,
    beam_inputs: flags.BeamInputs = None,
    replace_unknown: flags.ReplaceUnknown = False,
    steps: flags.StepSignatures = False,
    shortlist: flags.WithShortlist = False,
    check_on: flags.CheckOn = None,
    verify: flags.VerifyLevel = None,
) -> None:
    """Writes a SavedModel, a kit to serve it, a .tflite file, and compares them with the model."""
    of_served = {
        "--n-best": n_best,
        "--beam-inputs": beam_inputs,
        "--replace-unknown": replace_unknown or None,
        "--steps": steps or None,
        "--shortlist": shortlist or None,
        "--verify": verify,
    }
    of_kit = {"--name": name, "--license": license, "--scores": scores}
    of_tflite = {"--text": text or None, "--signatures": signatures, "--quantize": quantize}
    of_formats = {
        "--max-bleu-loss": max_bleu_loss,
        "--judge-by": judge_by,
        "--judged-pairs": judged_pairs,
        "--report": report or None,
        "--report-picture": report_picture,
    }
    check_flags(saved_model, serving, tflite, of_served, of_kit, of_tflite)
    check_quantization(quantize, of_formats)
    check_beams(beam_size or 4, n_best)
    card: dict[str, Any] = {"name": name, "license": license}
    card["scores"] = None if scores is None else read_scores(scores)
    twin = _opened(model, text)
    sample, references = _pairs(model, check_on)
    served: dict[str, Any] = {
        **{"sample": sample, "beam_size": beam_size or 4, "num_return": n_best},
        **{"replace_unknown": replace_unknown, "steps": steps, "verify": verify or "fast"},
        **({} if beam_inputs is None else {"beam_inputs": _names(beam_inputs)}),
    }
    if shortlist:
        twin = with_shortlist(model, twin)
        served["shortlist"] = True
    elif (saved_model or serving) and getattr(twin.seq2seq, "shortlist", None) is not None:
        say(f"{model} has a shortlist, which is left out: --shortlist builds it in.")
    if saved_model is not None:
        _write_saved_model(twin, saved_model, served)
    if serving is not None:
        of_run = run_of(model)
        card |= {"run": of_run and of_run.path, "references": references}
        _write_kit(twin, serving, served | card)
    if tflite is not None:
        needed = any(value is not None for value in of_formats.values())
        judged = pairs_to_judge(model, quantize, needed, judged_pairs)
        search = {"beam_size": beam_size} if beam_size and beam_size > 1 else {}
        wanted = {"quantize": quantize, "max_bleu_loss": max_bleu_loss, "judge_by": judge_by}
        wanted["signatures"] = None if signatures is None else _names(signatures)
        wanted = {key: value for key, value in wanted.items() if value is not None}
        _write_tflite(twin, tflite, judged, {"sample": sample, **search, **wanted})
        if judged is not None:
            tell_formats(tflite, judged, report, report_picture)
        print(tflite)
        if text:
            _write_text(twin, tflite, {"sample": sample, **search})


def _opened(model: Path, text: bool) -> Any:
    """The Keras model, of which a file of text is possible if there shall be one."""
    from keras_seq2seq import export
    from keras_seq2seq.export.keras_artefact import KerasArtefact
    from keras_seq2seq.export.tflite import check_text_is_possible

    artefact = export.open_artefact(model)
    if not isinstance(artefact, KerasArtefact):
        raise ValueError(
            f"{model} is a {artefact.kind}; only a run or .keras file can be exported."
        )
    if text:
        check_text_is_possible(artefact.model)  # before anything is written
    return artefact.model


def _write_saved_model(model: Any, base: Path, options: dict[str, Any]) -> None:
    from keras_seq2seq import export

    with err.status("Writing and comparing the SavedModel"):
        written = export.saved_model(model, base, **options)
    print(written)


def _write_kit(model: Any, directory: Path, options: dict[str, Any]) -> None:
    from keras_seq2seq import export

    with err.status("Writing and comparing what TensorFlow Serving needs"):
        kit = export.serving_kit(model, directory, **options)
    for path in kit.kept:
        say(f"{path} was edited and stays as it is")
    print(kit.version)


def _write_tflite(
    model: Any, file: Path, judged: JudgedPairs | None, options: dict[str, Any]
) -> None:
    from keras_seq2seq import export

    with watching(judged) as watched:
        export.tflite(model, file, **options, **watched)


def _write_text(model: Any, file: Path, options: dict[str, Any]) -> None:
    from keras_seq2seq import export

    with err.status("Converting and comparing the .tflite file of text"):
        print(export.tflite(model, file.with_suffix(".text.tflite"), text=True, **options))


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _pairs(model: Path, check_on: Path | None) -> tuple[list[str] | None, list[str]]:
    """Sources to compare on, and references: of a file, of the run's validation, or neither."""
    if check_on is not None:
        lines = [line for line in read_lines(str(check_on)) if line.strip()]
        if not lines:
            raise ValueError(f"--check-on {check_on} holds blank lines only: give it sentences.")
        return lines[:_MOST_COMPARED], []
    try:
        pairs = pairs_to_score([model]).pairs
    except (ValueError, OSError):  # no run, or its corpus is not here: random texts will do
        return None, []
    return pairs.sources[:_COMPARED], pairs.targets[:_COMPARED]


def inspect(model: ModelArgument, as_json: AsJson = False) -> None:
    """Shows what a model is made of."""
    from keras_seq2seq.export import open_artefact
    from keras_seq2seq.export.saved_model_artefact import UNCHECKED

    artefact = open_artefact(model, to_run=False)
    facts = {"kind": artefact.kind, "path": artefact.path, "bytes": artefact.size_bytes()}
    facts |= artefact.describe()
    if artefact.kind == "saved_model" and "format" not in facts:
        say(f"{artefact.path}: {UNCHECKED}")
    if as_json:
        return print_json(facts)
    table = Table(title=str(model), show_header=False)
    for name, value in facts.items():
        table.add_row(name, escape(_readable(value)))
    out.print(table)


def _readable(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"dtype", "shape"}:  # a tensor of a signature
        return f"{value['dtype']} {value['shape']}"
    if isinstance(value, dict):
        return "\n".join(_entry(key, _readable(entry)) for key, entry in value.items())
    if isinstance(value, list):
        records = any(isinstance(entry, dict) for entry in value)
        return ("\n" if records else ", ").join(map(_readable, value))
    return f"{value:,}" if type(value) is int else str(value)


def _entry(key: str, entry: str) -> str:
    """One line, or one line and those below it, further in."""
    if "\n" not in entry:
        return f"{key}: {entry}"
    return "\n".join([f"{key}:", *(f"  {line}" for line in entry.splitlines())])
