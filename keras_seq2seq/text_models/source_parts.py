"""Sources as the model reads them, in parts that fit."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text.framing import blank_as_empty, encode_texts
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.long_source_error import LongSourceError
from keras_seq2seq.text_models.sentence_splitter import split_long_text

POLICIES = ("error", "truncate", "split")


@dataclasses.dataclass(frozen=True)
class SourceParts:
    """The parts of N texts; without splitting each text is one part.

    Attributes:
        texts: list of P strings.
        owner: int array [P], which text each part is of, in order.
        start: int array [P], where it begins in the text.
        ids: int32 array [P, S], EOS behind each, PAD at the right.
        truncated: bool array [P].
    """

    texts: list[str]
    owner: np.ndarray
    start: np.ndarray
    ids: np.ndarray
    truncated: np.ndarray

    @classmethod
    def read(cls, texts: Sequence[str], tokenizer: Tokenizer, max_length: int, policy: str) -> Self:
        """Tokenises texts and treats those of more than `max_length` tokens as `policy` says.

        EOS counts. `"truncate"` cuts, `"split"` cuts into sentences, and `"error"` refuses them.
        """
        if policy not in POLICIES:
            raise ValueError(
                f"long_sources={policy!r} is not known; choose one of {', '.join(POLICIES)}."
                f"{did_you_mean(policy, POLICIES, cutoff=0.4)}"
            )
        texts = [blank_as_empty(text, tokenizer.normalization) for text in texts]
        parts, owner, start = texts, np.arange(len(texts)), np.zeros(len(texts), "int64")
        ids, lengths = encode_texts(tokenizer, parts, max_length)
        long = np.flatnonzero(lengths > max_length)
        if policy == "error" and len(long):
            count = max(len(tokenizer.tokenize_python(texts[long[0]])), max_length) + 1
            raise LongSourceError(
                int(long[0]) + 1,
                f"has {count} tokens, more than the {max_length} "
                f"that the model reads: {parts[long[0]][:60]!r}... Shorten it, or use "
                'long_sources="split" or "truncate".',
            )
        if policy == "split" and len(long):

            def fits(part: str) -> bool:
                return len(tokenizer.tokenize_python(part, max_length)) < max_length

            cuts = [[(0, len(text))] for text in texts]
            for i in long:
                cuts[i] = split_long_text(texts[i], fits) or cuts[i]
            spans = [(i, *span) for i, found in enumerate(cuts) for span in found]
            parts = [texts[i][first:last] for i, first, last in spans]
            owner, start, _ = np.array(spans).T
            ids, lengths = encode_texts(tokenizer, parts, max_length)
        return cls(parts, owner, start, ids, lengths > max_length)
