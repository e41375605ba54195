"""Sentences of which only the ids are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_seq2seq.data.cache.mapped_rows import MappedRows
from keras_seq2seq.data.corpus_report import CorpusReport
from keras_seq2seq.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class CachedTexts:
    """The sentences of `CachedPairs`, as their ids tell them, for who wants to see a few.

    Args:
        origin: The corpus spec.
        report: `CorpusReport`. What was dropped on the way here.
        sources: Sequence of str.
        targets: Sequence of str.
    """

    origin: str
    report: CorpusReport
    sources: Sequence[str]
    targets: Sequence[str]

    def __len__(self) -> int:
        return len(self.sources)


class _Texts(Sequence[str]):
    def __init__(self, rows: MappedRows, tokenizer: Tokenizer):
        self.rows, self.tokenizer = rows, tokenizer

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.tokenizer.detokenize_python(self.rows[index].tolist())


def texts_of(rows: MappedRows, tokenizer: Tokenizer) -> Sequence[str]:
    """The sentences of some rows, each made when it is asked for."""
    return _Texts(rows, tokenizer)
