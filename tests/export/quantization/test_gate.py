"""Which format may be written, by which score, and how sure that is."""

import dataclasses

import pytest
from rich.console import Console

from keras_seq2seq import export
from keras_seq2seq.cli.screen.format_table import format_table
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.quantization import gate
from keras_seq2seq.export.quantization.format_report import FormatReport
from keras_seq2seq.export.quantization.metric_names import check_loss, check_metric, metric_for


def a_report(sure=None, **losses):
    formats = [
        FormatReport(name, 1000 - n, 900, 1.0, 10, 0.0, 30 - x, 50.0, x, x <= 0.3, sure)
        for n, (name, x) in enumerate(losses.items())
    ]
    return export.QuantizationReport("int8", "bleu", 0.3, 200, "nrefs:1", formats, {})


def test_what_loses_too_much_does_not_pass():
    report = a_report(none=0.0, int8=0.25, int4=0.81)
    assert gate.through_gate(report, "auto") is report
    assert gate.through_gate(report, "none").format == "none"
    with pytest.raises(ExportError, match=r"int4 loses 0.81 BLEU on 200 .*\(29.19, and 30.00"):
        gate.through_gate(report, "int4")
    words = dataclasses.replace(a_report(0.6, none=0.0, int4=0.81), metric="exact_match")
    with pytest.raises(ExportError, match="loses 0.81 ± 0.60 exact match"):
        gate.through_gate(words, "int4")


@pytest.mark.parametrize("points", [float("nan"), float("inf"), -float("inf"), "0.3", None, True])
def test_a_loss_that_no_manifest_can_hold_is_refused(points):
    with pytest.raises(ValueError, match="max_bleu_loss must be a finite number"):
        check_loss(points)
    check_loss(-1.0)  # it must gain one


# === How sure ===


@pytest.mark.parametrize(
    ("loss", "sure", "said"),
    [
        (0.1, 0.19, None),  # ends below the bound
        (0.1, 0.4, "loses 0.10 ± 0.40 BLEU, and 0.3 may be lost; about 800 would tell"),
        (-0.3, 1.2, "about 800 would tell"),
        (0.3, 0.1, "too near to the bound for any number"),
        (0.299999, 0.1, "too near to the bound for any number"),
        (0.1, None, None),  # a file of an earlier version
    ],
)
def test_a_format_that_may_lose_more_is_told(loss, sure, said):
    doubt = a_report(sure, none=0.0, int8=loss).doubt()
    assert doubt is None if said is None else said in doubt and "\n" not in doubt


def test_float32_is_not_in_doubt():
    report = a_report(0.0, none=0.0, int8=0.81)
    assert dataclasses.replace(report, format="none", max_loss=-1.0).doubt() is None


def test_the_table_tells_how_sure():
    console = Console(width=80)
    report = a_report(0.2, none=0.0, int8=0.12, int4=-12.34)
    large = [
        dataclasses.replace(f, bytes=22_800_000, peak_bytes=57_700_000) for f in report.formats
    ]
    with console.capture() as captured:
        console.print(format_table(dataclasses.replace(report, formats=large)))
    lines = captured.get().splitlines()
    assert not any("…" in line for line in lines)
    assert any(line.split()[-3:] == ["0.12", "±", "0.20"] for line in lines)
    assert any(line.split()[0] == "float32" and "±" not in line for line in lines[2:])


def test_the_table_tells_without_colours_which_was_chosen():
    def told(chosen, **losses):
        console = Console(width=80, color_system=None)
        report = dataclasses.replace(a_report(0.2, **losses), format=chosen)
        with console.capture() as captured:
            console.print(format_table(report))
        return captured.get()

    assert "The file has int8." in told("int8", none=0.0, int8=0.1)
    assert "The file has float32; int8 and int4 lose too much." in told(
        "none", none=0.0, int8=1.0, int4=2.0
    )


# === By which score ===

PHONES = ["ɒ b l ɒ k", "h aː z", "t͡ʃ i z m ɒ", "ɛ m b ɛ r"]


@pytest.mark.parametrize(
    ("references", "metric"),
    [
        (PHONES, "exact_match"),  # enough of them for BLEU, but no words
        (["S AH0 N", "HH AW1 S", "K AE1 T S", "B ER1 D Z"], "exact_match"),
        (["I am in it.", "She opens the window.", "We eat bread and soup."], "bleu"),
        (["나는 오늘 학교에 갔어요.", "우리는 내일 또 만나요."], "bleu"),
        (["the old house"], "exact_match"),
        (["the old red house"], "bleu"),
        (["", "the old house is here"], "exact_match"),
    ],
)
def test_the_metric_suits_the_references(references, metric):
    assert metric_for(references) == metric
    assert metric_for(references, "bleu") == "bleu"
    assert metric_for(references, "exact_match") == "exact_match"


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="must be auto, bleu or exact_match. Did you mean 'bleu'"):
        check_metric("blue")
