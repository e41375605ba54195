"""Sources with what a `.tflite` file makes of them, for programs to prove themselves by."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.text.framing import encode_source_python
from keras_seq2seq.text.special_tokens import PAD
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

_FEW = 8  # usual sources
# Nothing, white space, unknown letters, a family of four code points, letters in parts, too long.
_ODD = (
    "",
    " \t\u3000",
    "\U00013000\U00013001 \U00013002",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u1112\u1161\u11ab\u1100\u1173\u11af cafe\u0301 \u212b",
    "a\u00adb\u200bc \u2581 </s> <unk>",
)


def golden_cases(
    model: TextSeq2Seq, run: Callable[..., dict[str, np.ndarray]], texts: Sequence[str]
) -> list[dict[str, Any]]:
    """What `translate`, called as `run(ids=...)`, gives for some of `texts` and for odd ones."""
    longest = " ".join([*texts[:_FEW], "ab"] * model.max_source_length)
    cases = []
    for text in dict.fromkeys([*texts[:_FEW], *_ODD, longest[: 8 * model.max_source_length]]):
        ids = encode_source_python(model.source_tokenizer, text, model.max_source_length)
        found = run(ids=np.array([ids], "int32"))
        chosen = found["ids"][0, : found["length"][0]].tolist()
        cases.append(
            {
                "source": text,
                "source_ids": [i for i in ids if i != PAD],
                "ids": chosen,
                "length": len(chosen),
                "score": float(str(found["score"][0])),
                "text": model.target_tokenizer.detokenize_python(chosen),
            }
        )
    return cases
