"""The scores that formats of a `.tflite` file may be judged by."""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from keras_seq2seq.export.quantization.format_names import AUTO
from keras_seq2seq.nearest_name import did_you_mean

BLEU, EXACT_MATCH = METRICS = ("bleu", "exact_match")
_OF_BLEU = 4  # words in a row
_OF_A_SYMBOL = 2  # characters: phones, letters one by one


def check_metric(name: str) -> None:
    """Raises a `ValueError` that tells the nearest metric if there is none of this name."""
    names = (AUTO, *METRICS)
    if name not in names:
        raise ValueError(
            f"Formats cannot be judged by {name!r}: judge_by must be {', '.join(names[:-1])} or "
            f"{names[-1]}.{did_you_mean(name, names)}"
        )


def check_loss(points: float) -> None:
    """Raises a `ValueError` unless it is a finite number; JSON has no other."""
    known = isinstance(points, (int, float, np.number)) and type(points) is not bool
    if not (known and math.isfinite(points)):
        raise ValueError(
            f"max_bleu_loss must be a finite number of points, got {points!r}; 100 allows any loss."
        )


def metric_for(references: Sequence[str], judge_by: str = AUTO) -> str:
    """The metric that was asked for; with `auto`, what suits the references.

    Exact match suits those of fewer than four words, which BLEU cannot count, and those whose
    words are symbols, as in pronunciations: there one wrong symbol makes the whole wrong.

    >>> metric_for(["ɒ b l ɒ k"]), metric_for(["She opens a window."])
    ('exact_match', 'bleu')
    """
    if judge_by != AUTO:
        return judge_by
    texts = [text.split() for text in references]
    sizes = [len(word) for words in texts for word in words]
    if statistics.median(map(len, texts)) < _OF_BLEU or statistics.median(sizes) <= _OF_A_SYMBOL:
        return EXACT_MATCH
    return BLEU


def metric_label(metric: str) -> str:
    """What people call it."""
    return {BLEU: "BLEU", EXACT_MATCH: "exact match"}[metric]
