"""Pairs of sentences with their ids, so that they are tokenised once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.data.token_rows import TokenRows
from keras_seq2seq.text.framing import blank_as_empty
from keras_seq2seq.text.tokenizer import Tokenizer

_ENCODE_BATCH = 1024  # sentences tokenised at a time


@dataclass(frozen=True)
class EncodedPairs:
    """Sentence pairs, and their rows of ids without BOS and EOS, as two tokenizers made them."""

    pairs: SentencePairs
    sources: TokenRows
    targets: TokenRows

    @classmethod
    def of(
        cls,
        pairs: "SentencePairs | EncodedPairs | Iterable[tuple[str, str]]",
        source_tokenizer: Tokenizer,
        target_tokenizer: Tokenizer,
    ) -> "EncodedPairs":
        """Tokenises pairs; those that have been already are returned as they are."""
        if isinstance(pairs, EncodedPairs):
            return pairs
        if not isinstance(pairs, SentencePairs):
            pairs = SentencePairs.from_pairs(pairs)
        normalization = source_tokenizer.normalization
        sources = [blank_as_empty(source, normalization) for source in pairs.sources]
        pairs = replace(pairs, sources=sources)
        sources = encode_lines(pairs.sources, source_tokenizer)
        return cls(pairs, sources, encode_lines(pairs.targets, target_tokenizer))

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of source and target of each pair, BOS and EOS not among them: int64 (N, 2)."""
        return np.stack([self.sources.lengths, self.targets.lengths], axis=1)

    def keep(self, indices: Sequence[int] | np.ndarray, **dropped: int) -> "EncodedPairs":
        """The pairs at `indices`; `dropped` counts the others by their name in the report."""
        pairs = self.pairs.keep([int(i) for i in indices], **dropped)
        return EncodedPairs(pairs, self.sources.take(indices), self.targets.take(indices))


def encode_lines(texts: list[str], tokenizer: Tokenizer) -> TokenRows:
    """Tokenises many sentences, a thousand at a time."""
    if not texts:
        return TokenRows.of([])
    batches = tf.data.Dataset.from_tensor_slices(tf.constant(texts)).batch(_ENCODE_BATCH)
    encoded = batches.map(_compiled(tokenizer), num_parallel_calls=tf.data.AUTOTUNE)
    flat, lengths = zip(*((rows.flat_values, rows.row_lengths()) for rows in encoded), strict=True)
    return TokenRows(np.concatenate(flat), np.concatenate(lengths))


def _compiled(tokenizer: Tokenizer) -> Callable[[tf.Tensor], Any]:
    """`tokenize` of texts [B], traced once: a large corpus comes in many parts."""
    functions = getattr(tokenizer, "compiled", None)
    if functions is None:  # one of another making
        return tokenizer.tokenize
    if "encode_lines" not in functions:
        texts_only = [tf.TensorSpec([None], tf.string)]
        functions["encode_lines"] = tf.function(
            lambda text: tokenizer.tokenize(text), input_signature=texts_only, autograph=False
        )
    return functions["encode_lines"]
