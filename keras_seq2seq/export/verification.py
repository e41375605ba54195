"""Does an artefact do what the model does?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_seq2seq.export.artefact import Generated
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq


def sample_texts(model: TextSeq2Seq, count: int = 16, seed: int = 0) -> list[str]:
    """Source texts for comparisons where none are given: an empty one and random tokens.

    Args:
        model: a `TextSeq2Seq`.
        count: int.
        seed: int.

    Returns:
        list of `count` strings.
    """
    random = np.random.default_rng(seed)
    size = model.source_tokenizer.vocabulary_size
    lengths = random.integers(1, model.max_source_length, count - 1)
    rows = [random.integers(4, size, n).tolist() for n in lengths]
    return ["", *(model.source_tokenizer.detokenize_python(row) for row in rows)]


def compare(expected: Generated, actual: Generated, texts: Sequence[str], what: str) -> None:
    """Raises an `ExportError` that shows the first difference between two `Generated`.

    Args:
        expected: the model's `Generated`.
        actual: the artefact's.
        texts: the sources, for the message.
        what: str. What the artefact is called.
    """
    for i, text in enumerate(texts):
        same = expected.texts[i] == actual.texts[i] and expected.lengths[i] == actual.lengths[i]
        if not same:
            raise ExportError(
                f"{what} does not do what the model does. Source: {text!r}; model: "
                f"{expected.texts[i]!r} ({expected.lengths[i]} tokens); {what}: "
                f"{actual.texts[i]!r} ({actual.lengths[i]} tokens). It was removed."
            )
    compare_scores(expected.scores, actual.scores, texts, what)


def compare_scores(
    expected: Sequence[float], actual: Sequence[float], texts: Sequence[str], what: str
) -> None:
    """Raises an `ExportError` if two lists of log-probabilities differ by more than rounding."""
    if np.allclose(expected, actual, rtol=1e-3, atol=1e-3):
        return
    worst = int(np.argmax(np.abs(np.subtract(expected, actual))))
    raise ExportError(
        f"{what} gives other scores than the model. Source: {texts[worst]!r}; model: "
        f"{expected[worst]:.5f}; {what}: {actual[worst]:.5f}. It was removed."
    )
