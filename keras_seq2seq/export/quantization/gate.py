"""Which format a `.tflite` file may have."""

import dataclasses
import gzip
from collections.abc import Callable, Mapping, Sequence

from keras_seq2seq.evaluation.corpus_scores import corpus_metrics, exact_match
from keras_seq2seq.evaluation.paired_score import difference_confidences
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.quantization.format_names import AUTO, NONE
from keras_seq2seq.export.quantization.format_report import FormatReport
from keras_seq2seq.export.quantization.measurement import measure, tokens_changed
from keras_seq2seq.export.quantization.metric_names import metric_for, metric_label
from keras_seq2seq.export.quantization.quantization_report import QuantizationReport
from keras_seq2seq.text.framing import encode_source_python
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def compare_formats(
    model: TextSeq2Seq,
    files: Mapping[str, bytes],
    pairs: tuple[Sequence[str], Sequence[str]],
    max_loss: float,
    progress: Callable[[int], object] | None = None,
    judge_by: str = AUTO,
) -> QuantizationReport:
    """Measures files of the same model in several formats on sources with references.

    `format` of the report is that of the smallest file that passes.

    Args:
        model: what was converted; it tells the tokenizers.
        files: by format, the float32 one, `none`, among them.
        pairs: N sources and N references.
        max_loss: how much less than the float32 file a format may score.
        progress: is told how many sources are done.
        judge_by: the metric that may lose so much; `auto` is what suits the references.
    """
    sources, references = map(list, pairs)
    limit = model.max_source_length
    rows = [encode_source_python(model.source_tokenizer, text, limit) for text in sources]
    measured = measure(files, rows, progress)
    bleu = corpus_metrics()["bleu"]
    metric = metric_for(references, judge_by)
    texts = {
        name: [model.target_tokenizer.detokenize_python(tokens) for tokens in measured[name].ids]
        for name in files
    }
    several = len(files) > 1
    sure = difference_confidences(texts, references, metric) if several else {NONE: 0.0}
    found: list[FormatReport] = []
    for name, content in files.items():
        ids, milliseconds, peak = measured[name]
        scores = {
            "bleu": bleu.corpus_score(texts[name], [references]).score,
            "exact_match": exact_match(texts[name], references),
        }
        loss = getattr(found[0], metric) - scores[metric] if found else 0.0
        found.append(
            FormatReport(
                format=name,
                bytes=len(content),
                gzip_bytes=len(gzip.compress(content)),
                milliseconds=milliseconds,
                peak_bytes=peak,
                tokens_changed=tokens_changed(ids, measured[NONE].ids),
                loss=loss,
                loss_confidence=sure[name],
                passes=name == NONE or loss <= max_loss,
                **scores,
            )
        )
    smallest = min((f for f in found if f.passes), key=lambda f: f.bytes)
    signature = str(bleu.get_signature())
    return QuantizationReport(smallest.format, metric, max_loss, len(sources), signature, found, {})


def through_gate(report: QuantizationReport, wanted: str) -> QuantizationReport:
    """The report with the format that was wanted; with `auto` it stays the smallest that passes.

    Raises:
        ExportError: a format was wanted that loses more than it may.
    """
    if wanted == AUTO:
        return report
    found = report.of(wanted)
    if not found.passes:
        score, plain = (getattr(x, report.metric) for x in (found, report.of(NONE)))
        raise ExportError(
            f"{wanted} loses {found.loss_text()} {metric_label(report.metric)} on "
            f"{report.sentences:,} validation pairs "
            f"({score:.2f}, and {plain:.2f} as float32), but {report.max_loss:g} may be lost. "
            f'Choose another format, or quantize="{AUTO}", or allow more by max_bleu_loss.'
        )
    return dataclasses.replace(report, format=wanted)
