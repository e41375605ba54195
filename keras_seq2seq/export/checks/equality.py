"""Does an artefact do what the model does?"""

from collections.abc import Sequence

import numpy as np

from keras_seq2seq.export.artefact import Generated
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

# What requests bring beside sentences: nothing, marks without letters, words without end.
ODD_TEXTS = (
    *(
        "",
        " \t\u3000",
        "\0",
        "\ufeff",
        "\u200b\u200d",
        "\u0301",
        "\u2581\u2581 a",
        "</s> <s> <unk>",
    ),
    *(
        "cafe\u0301",
        "\u1112\u1161\u11ab\u1100\u1173\u11af",
        "\ufb01\uff21\u3392",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    ),
    *("\u0645\u0631\u062d\u0628\u0627", "a\u2028b\nc", "a" * 5000, "\uac00" * 300, "x " * 200),
)


def sample_texts(model: TextSeq2Seq, count: int = 16, seed: int = 0) -> list[str]:
    """Source texts for comparisons where none are given: an empty one and random tokens."""
    random = np.random.default_rng(seed)
    size = model.source_tokenizer.vocabulary_size
    lengths = random.integers(1, max(2, model.max_source_length), count - 1)
    rows = [random.integers(4, size, n).tolist() for n in lengths]
    return ["", *(model.source_tokenizer.detokenize_python(row) for row in rows)]


def compare(expected: Generated, actual: Generated, texts: Sequence[str], what: str) -> None:
    """Raises an `ExportError` that shows how an artefact, called `what`, first differs."""
    for i, text in enumerate(texts):
        model, artefact = (f"{g.texts[i]!r} ({g.lengths[i]} tokens)" for g in (expected, actual))
        if model != artefact:
            raise ExportError(
                f"{what} does not do what the model does. Source: {text!r}; model: {model}; "
                f"{what}: {artefact}. It was removed."
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
