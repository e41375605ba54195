"""Where a model goes wrong: by length, by rare words, by unknown tokens, with examples."""

import collections
import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sacrebleu

from keras_seq2seq.evaluation.error_bucket import (
    COUNTS,
    FREQUENCIES,
    LENGTHS,
    ErrorBucket,
    score_buckets,
)

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_SHARE_OF_SINGLE_WORDS = 0.9  # from here on, sources are words themselves: their letters count
SHORT_TEXTS = (
    "* BLEU counts runs of four tokens: where no translation has so many, it is 0. Read chrF there."
)
_TITLES = {
    "by_length": "By length of the source ({unit})",
    "by_rarest_word": "By the source's rarest word: how often it stands in the training text",
    "by_unknown_tokens": "By unknown tokens in the source",
}


@dataclasses.dataclass(frozen=True)
class ErrorReport:
    """Scores of a corpus in parts, and its worst translations.

    Attributes:
        sentences: How many there are.
        length_unit: "words" or, where nearly all sources are one word, "characters".
        by_length: By the length of the source.
        by_rarest_word: By how often the rarest word of the source stands in the training text;
            empty if that was not given.
        by_unknown_tokens: By the `<unk>` of the source; empty if not given.
        worst: Line (from 1), chrF, source, reference and translation of those that differ from the
            reference, the worst first.
    """

    sentences: int
    length_unit: str
    by_length: list[ErrorBucket]
    by_rarest_word: list[ErrorBucket]
    by_unknown_tokens: list[ErrorBucket]
    worst: list[dict[str, Any]]

    def parts(self) -> dict[str, list[ErrorBucket]]:
        """The divisions that are there, by their titles."""
        parts = {t.format(unit=self.length_unit): getattr(self, n) for n, t in _TITLES.items()}
        return {title: buckets for title, buckets in parts.items() if buckets}

    def has_short_texts(self) -> bool:
        """Whether BLEU says nothing of a bucket, since its texts are too short."""
        return not all(bucket.has_4_grams for part in self.parts().values() for bucket in part)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, ready for JSON."""
        return dataclasses.asdict(self)

    def to_text(self) -> str:
        """The report as text to read, in Markdown."""
        lines = [f"{self.sentences:,} sentences"]
        for title, buckets in self.parts().items():
            lines += ["", f"## {title}", "", *_table(buckets)]
        if self.has_short_texts():
            lines += ["", SHORT_TEXTS]
        lines += ["", "## Worst translations", ""]
        if not self.worst:
            lines.append("Every translation equals its reference.")
        for row in self.worst:
            lines += [f"Line {row['line']}, chrF {row['chrf']:.1f}:", ""]
            names = ("source", "reference", "translation")
            lines += [*(f"    {name:<11} {row[name]}" for name in names), ""]
        return "\n".join(lines).rstrip("\n") + "\n"


def make_error_report(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    training_counts: Mapping[str, int] | None = None,
    unknown_counts: Sequence[int] | None = None,
    tokenize: str = "13a",
    worst: int = 20,
) -> ErrorReport:
    """Breaks the scores of a corpus down, and picks its worst translations.

    Args:
        sources, hypotheses, references: N strings each.
        training_counts: How often words stand in the training sources, as `count_words` gives it.
        unknown_counts: Unknown tokens of each source, N numbers.
        tokenize: sacreBLEU's tokenizer for BLEU.
        worst: How many examples to give, at most: of translations that differ from the reference.

    Raises:
        ValueError: The lists are not of one length, or empty.

    Example:

    >>> counts = count_words(["a dog runs", "a cat sleeps"])
    >>> sources, references = ["a dog sleeps", "a bird sings"], ["ein Hund schläft", "es singt"]
    >>> report = make_error_report(sources, ["ein Hund schläft", "ja"], references, counts)
    >>> [(bucket.label, bucket.exact_match) for bucket in report.by_rarest_word]
    [('unseen', 0.0), ('1-2', 100.0)]
    >>> report.worst[0]["source"]
    'a bird sings'
    """
    given = [sources, hypotheses, references, *([unknown_counts] if unknown_counts else [])]
    numbers = list(map(len, given))
    if len(set(numbers)) > 1 or not numbers[0]:
        raise ValueError(
            "make_error_report: expected as many sources, translations and references, at least "
            f"one; got {', '.join(map(str, numbers))}."
        )

    def scored(values: Sequence[int], floors: Mapping[int, str]) -> list[ErrorBucket]:
        return score_buckets(values, floors, hypotheses, references, tokenize)

    unit, lengths = _lengths(sources)
    rarest = []
    if training_counts is not None:
        rarest = [min((training_counts.get(w, 0) for w in words_of(s)), default=0) for s in sources]
    return ErrorReport(
        sentences=len(references),
        length_unit=unit,
        by_length=scored(lengths, LENGTHS),
        by_rarest_word=scored(rarest, FREQUENCIES) if rarest else [],
        by_unknown_tokens=scored(unknown_counts, COUNTS) if unknown_counts else [],
        worst=_worst(sources, hypotheses, references, worst),
    )


def words_of(text: str) -> list[str]:
    """The words of a text, lower-cased, without punctuation.

    >>> words_of("The dog's bone, half-eaten!")
    ['the', "dog's", 'bone', 'half-eaten']
    """
    return _WORD.findall(text.lower())


def count_words(lines: Iterable[str]) -> collections.Counter[str]:
    """How often each word stands in the lines.

    >>> count_words(["A dog.", "a cat"])["a"]
    2
    """
    return collections.Counter(word for line in lines for word in words_of(line))


def _lengths(sources: Sequence[str]) -> tuple[str, list[int]]:
    lengths = [len(source.split()) for source in sources]
    if sum(n <= 1 for n in lengths) >= _SHARE_OF_SINGLE_WORDS * len(sources):
        return "characters", [len(source) for source in sources]
    return "words", lengths


def _worst(
    sources: Sequence[str], hypotheses: Sequence[str], references: Sequence[str], count: int
) -> list[dict[str, Any]]:
    """The translations with the lowest chrF; of equals, the ones with the longer reference."""
    chrf, names = sacrebleu.CHRF(), ("line", "chrf", "source", "reference", "translation")
    scores = map(lambda h, r: chrf.sentence_score(h, [r]).score, hypotheses, references)
    rows = zip(itertools.count(1), scores, sources, references, hypotheses)
    rows = (row for row in rows if row[3] != row[4])
    worst = sorted(rows, key=lambda row: (row[1], -len(row[3])))[:count]
    return [dict(zip(names, row, strict=True)) for row in worst]


def _table(buckets: list[ErrorBucket]) -> Iterator[str]:
    yield "| | sentences | BLEU | chrF | exact match % | length ratio |"
    yield "|---|---:|---:|---:|---:|---:|"
    for b in buckets:
        bleu = f"{b.bleu:.1f}" if b.has_4_grams else f"{b.bleu:.1f} *"
        yield (
            f"| {b.label} | {b.sentences:,} | {bleu} | {b.chrf:.1f} | {b.exact_match:.1f} "
            f"| {b.length_ratio:.2f} |"
        )
